using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Relay.Delivery.Observations;
using Relay.MtaSts.Policies;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Tests.Lab;

namespace Relay.TlsRpt.Tests.Format;

public sealed partial class TlsReportBuilderTests
{
    private const string Schema = "tlsrpt-report.schema.json";
    private static readonly DateOnly SampleDay = new(2025, 3, 14);

    [Fact] // The checker itself: the sample is valid, and what the schema forbids is found
    public void Schema_AcceptsTheSampleAndRefusesABareMxHost()
    {
        var sample = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "tlsrpt-report.example.json"));
        Assert.Empty(JsonSchemaCheck.Validate(Schema, sample));
        var text = System.Text.Encoding.UTF8.GetString(sample);
        foreach (var (good, bad) in ((string, string)[])
            [
                ("2025-03-14T00:00:00Z", "2025-03-14T00:00:00"),
                ("\"failed-session-count\": 4", "\"failed-session-count\": 0"),
                ("\"organization-name\": \"Nordhafen Logistik GmbH\"", "\"organization-name\": null"),
                ("\"sending-mta-ip\": \"198.51.100.40\",", string.Empty),
                ("\"result-type\": \"certificate-expired\"", "\"result-type\": \"expired\""),
            ])
        {
            Assert.NotEmpty(JsonSchemaCheck.Validate(
                Schema, System.Text.Encoding.UTF8.GetBytes(text.Replace(good, bad, StringComparison.Ordinal))));
        }
    }

    [Fact] // RPT-21 to RPT-25, RPT-28, RPT-29, RPT-31: the sample's sts entry comes out member for member
    public async Task Report_OfTheSamplesCounts_EqualsTheSample()
    {
        await using var lab = ReportLab.Start();
        var counts = new DayCounts(SampleDay, Names.Name("kundendienst.example"), [SamplePolicy()]);
        var report = lab.Builder.Build(counts);

        using var sample = JsonDocument.Parse(await File.ReadAllBytesAsync(
            Path.Combine(AppContext.BaseDirectory, "vectors", "tlsrpt-report.example.json"), ReportLab.Token));
        using var json = JsonDocument.Parse(report.Json);
        Assert.Empty(JsonSchemaCheck.Validate(Schema, report.Json));
        foreach (var member in (string[])["organization-name", "date-range", "contact-info"])
        {
            Assert.True(JsonElement.DeepEquals(sample.RootElement.GetProperty(member), json.RootElement.GetProperty(member)));
        }

        Assert.True(JsonElement.DeepEquals(
            sample.RootElement.GetProperty("policies")[0], json.RootElement.GetProperty("policies")[0]));
        Assert.NotEqual(0xEF, report.Json.Span[0]);
    }

    [Fact] // RPT-22, RPT-25, RPT-27: from observations to a valid report, unknown field and A-labels included
    public async Task Report_OfEverySortOfObservation_KeepsToTheSchema()
    {
        await using var lab = ReportLab.Start();
        const string Text = "version: STSv1\nmode: enforce\nmx: mx.a.test\nmx: *.b.test\nnote: \"as it is\"  \nmax_age: 86400\n";
        var policy = ReportLab.Policy(Text);
        foreach (var type in Enum.GetValues<TlsResultType>())
        {
            lab.Fail("b\u00fccher.example", policy, new ObservedFailure(type, string.Empty));
        }

        lab.Succeed("b\u00fccher.example");
        lab.Ledger.Flush();
        var report = lab.Report("b\u00fccher.example");
        Assert.Empty(JsonSchemaCheck.Validate(Schema, report.Json));
        using var json = JsonDocument.Parse(report.Json);
        var first = json.RootElement.GetProperty("policies")[0].GetProperty("policy");
        Assert.Equal("xn--bcher-kva.example", first.Text("policy-domain"));
        Assert.Equal(
            Text.TrimEnd('\n').Split('\n'), first.GetProperty("policy-string").EnumerateArray().Select(line => line.GetString()));
        Assert.Equal(
            ["mx.a.test", "*.b.test"], first.GetProperty("mx-host").EnumerateArray().Select(line => line.GetString()));
        Assert.Equal("no-policy-found", json.RootElement.GetProperty("policies")[1].GetProperty("policy").Text("policy-type"));
    }

    [Fact] // RPT-15, RPT-22, RFC 8460 §4.3.2.2, §4.4: announced and not to be had: its type, no text, no hosts, and one entry
    public async Task Report_OfAPolicyNotToBeHad_HasItsTypeWithoutTextAndHosts()
    {
        await using var lab = ReportLab.Start();
        lab.Succeed("a.test", StsPolicy.Unavailable, 3);
        lab.Fail("a.test", StsPolicy.Unavailable, new ObservedFailure(TlsResultType.StartTlsNotSupported, "starttls-not-offered"));
        lab.Ledger.Add(lab.Session("a.test", StsPolicy.Unavailable) with
        {
            Count = ObservationCount.DetailsOnly,
            Failures = [new(TlsResultType.StsPolicyInvalid, "policy-syntax")],
        });
        lab.Ledger.Flush();
        var report = lab.Report("a.test");
        AssertKeepsToTheSchema(report);
        using var json = JsonDocument.Parse(report.Json);
        var entry = Assert.Single(json.RootElement.GetProperty("policies").EnumerateArray());
        Assert.Equal(
            """{"policy-type":"sts","policy-string":[],"policy-domain":"a.test"}""", entry.GetProperty("policy").GetRawText());
        Assert.Equal(
            """{"total-successful-session-count":3,"total-failure-session-count":1}""", entry.GetProperty("summary").GetRawText());
        Assert.Equal(
            ["starttls-not-supported", "sts-policy-invalid"],
            entry.GetProperty("failure-details").EnumerateArray().Select(detail => detail.Text("result-type")));
        Assert.Contains("Policy of type sts, without its text:\n", report.Summary, StringComparison.Ordinal);
    }

    [Fact] // RPT-32, RFC 8460 §5.3: unique per report, and always the same
    public async Task ReportId_OfTwoDomainsAndDays_IsUniqueAndStable()
    {
        await using var lab = ReportLab.Start();
        var longest = $"{new string('a', 60)}.{new string('b', 60)}.{new string('c', 60)}.{new string('d', 60)}.test";
        string[] ids =
        [
            .. from day in (DateOnly[])[SampleDay, SampleDay.AddDays(1)]
               from domain in (string[])["a.test", "b.test", longest]
               select lab.Identity.ReportIdFor(day, Names.Name(domain)),
        ];
        Assert.Equal(6, ids.Distinct().Count());
        Assert.All(ids, id => Assert.InRange(id.Length, 1, 255));
        var first = lab.Builder.Build(new DayCounts(SampleDay, Names.Name("a.test"), [SamplePolicy()]));
        await lab.RestartAsync();
        var second = lab.Builder.Build(new DayCounts(SampleDay, Names.Name("a.test"), [SamplePolicy()]));
        Assert.Equal(first.ReportId, second.ReportId);
        Assert.True(first.Gzip.Span.SequenceEqual(second.Gzip.Span));
    }

    [Fact] // RPT-33 to RPT-35, RPT-39, RPT-52, RFC 8460 §5.1, §5.2: name, numbers, bytes and body agree
    public async Task FileName_AgreesWithBodyAndBytes()
    {
        await using var lab = ReportLab.Start();
        var report = lab.Builder.Build(new DayCounts(SampleDay, Names.Name("kundendienst.example"), [SamplePolicy()]));
        var name = FileName().Match(report.FileName);
        Assert.True(name.Success, report.FileName);
        Assert.Equal("relay.nordhafen.example!kundendienst.example!1741910400!1741996799", name.Groups[1].Value);
        Assert.Contains($".{name.Groups[2].Value}@", report.ReportId, StringComparison.Ordinal);
        Assert.Equal("tls-reports@relay.nordhafen.example", report.Contact);
        Assert.Equal("relay.nordhafen.example", report.Submitter.Value);

        using var unpacked = new MemoryStream();
        await using var gzip = new GZipStream(new MemoryStream(report.Gzip.ToArray()), CompressionMode.Decompress);
        await gzip.CopyToAsync(unpacked, ReportLab.Token);
        Assert.Equal([0x1F, 0x8B], report.Gzip[..2].ToArray());
        Assert.True(report.Json.Span.SequenceEqual(unpacked.ToArray()));
    }

    [Fact] // RFC 8460 §5.2, E99: too large is shortened, no session is lost, and the reader is told
    public async Task Report_TooLarge_IsShortenedWithANote()
    {
        await using var lab = ReportLab.Start();
        var failures = Enumerable.Range(1, 900).Select(index => new FailureCount(
            new FailureKey("certificate-expired", "192.0.2.1", "192.0.2.2", $"mx{index}.a.test", string.Empty, string.Empty), index));
        var counts = new DayCounts(
            SampleDay, Names.Name("a.test"), [SamplePolicy() with { Failures = [.. failures.Reverse()], Failed = 500_000 }]);
        var report = lab.Builder.Build(counts, 30_000);
        Assert.InRange(report.Json.Length, 1_000, 30_000);
        Assert.Empty(JsonSchemaCheck.Validate(Schema, report.Json));
        using var json = JsonDocument.Parse(report.Json);
        var details = json.RootElement.GetProperty("policies")[0].GetProperty("failure-details").EnumerateArray().ToList();
        Assert.Equal(101, details.Count);
        Assert.Equal("overflow", details[^1].Text("failure-reason-code"));
        Assert.Equal(900 * 901 / 2, details.Sum(entry => entry.GetProperty("failed-session-count").GetInt32()));
        Assert.Contains("overflow", report.Summary, StringComparison.Ordinal);
    }

    [Fact] // RPT-53: a policy that changes all day long
    public async Task Report_OfVeryManyPolicies_GathersTheLeastUsed()
    {
        await using var lab = ReportLab.Start();
        for (var index = 0; index < 40; index++)
        {
            lab.Succeed("a.test", ReportLab.Policy(ReportLab.PolicyText("enforce", 86_400 + index, "mx.a.test")), index + 1);
            lab.Fail("a.test", ReportLab.Policy(ReportLab.PolicyText("enforce", 86_400 + index, "mx.a.test")), new ObservedFailure(TlsResultType.CertificateExpired, ""));
        }

        // Without a text it is the same entry as those whose text is left out, and what went wrong with it is not lost among them.
        lab.Fail("a.test", StsPolicy.Unavailable, new ObservedFailure(TlsResultType.StsPolicyFetchError, "http-status-404"));
        lab.Ledger.Flush();
        var report = lab.Report("a.test");
        AssertKeepsToTheSchema(report);
        using var json = JsonDocument.Parse(report.Json);
        var policies = json.RootElement.GetProperty("policies").EnumerateArray().ToList();
        Assert.Equal(32, policies.Count);
        Assert.Equal(
            40 * 41 / 2,
            policies.Sum(policy => policy.GetProperty("summary").GetProperty("total-successful-session-count").GetInt32()));
        var gathered = Assert.Single(policies, policy => policy.GetProperty("policy").GetProperty("policy-string").GetArrayLength() == 0);
        Assert.Equal(
            ["http-status-404 1", "overflow 9"],
            gathered.GetProperty("failure-details").EnumerateArray().Select(
                detail => $"{detail.Text("failure-reason-code")} {detail.GetProperty("failed-session-count").GetInt32()}"));
    }

    [Fact] // E93: text of any kind is JSON's business
    public async Task Report_WithQuotesAndOtherScripts_IsStillOneText()
    {
        await using var lab = ReportLab.Start(("TlsRpt:OrganizationName", "\"K\u00f6nig\" \\ S\u00f6hne"));
        lab.Succeed("a.test");
        lab.Ledger.Flush();
        using var json = JsonDocument.Parse(lab.Report("a.test").Json);
        Assert.Equal("\"K\u00f6nig\" \\ S\u00f6hne", json.RootElement.Text("organization-name"));
        Assert.True(System.Text.Ascii.IsValid(lab.Report("a.test").Summary));
    }

    // Decision 0053: the schema wants mx-host of every policy of type sts; what could not be had lists no host.
    private static void AssertKeepsToTheSchema(TlsReportDocument report)
    {
        var json = JsonNode.Parse(report.Json.Span)!;
        foreach (var policy in json["policies"]!.AsArray().Select(entry => entry!["policy"]!.AsObject()))
        {
            if (policy["policy-string"] is JsonArray { Count: 0 })
            {
                Assert.True(policy.TryAdd("mx-host", new JsonArray()));
            }
        }

        Assert.Empty(JsonSchemaCheck.Validate(Schema, System.Text.Encoding.UTF8.GetBytes(json.ToJsonString())));
    }

    private static PolicyCounts SamplePolicy() => new(
        "sts",
        ["version: STSv1", "mode: enforce", "mx: mx1.kundendienst.example", "mx: *.backup.kundendienst.example", "max_age: 1209600"],
        ["mx1.kundendienst.example", "*.backup.kundendienst.example"],
        412,
        9,
        [
            new(
                new("certificate-expired", "198.51.100.40", "203.0.113.8", "mx1.kundendienst.example", "mx1.kundendienst.example", ""), 4),
            new(
                new(
                    "starttls-not-supported",
                    "2001:db8:40::25",
                    "2001:db8:8::25",
                    "eu1.backup.kundendienst.example",
                    "eu1.backup.kundendienst.example",
                    "starttls-reply-454"),
                3),
            new(new("validation-failure", "", "", "mail.fremdhost.example", "", "mx-mismatch"), 2),
            new(new("sts-policy-fetch-error", "", "", "", "", "http-status-404"), 1),
        ]);

    [GeneratedRegex(@"^([a-z0-9.-]+![a-z0-9.-]+![0-9]+![0-9]+)!([A-Za-z0-9]+)\.json\.gz$")]
    private static partial Regex FileName();
}
