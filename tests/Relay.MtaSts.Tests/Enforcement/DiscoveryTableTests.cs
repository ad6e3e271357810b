using System.Text;
using System.Text.Json;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Lab.Dns;
using Relay.Lab.PolicyHosts;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Enforcement;

/// <summary>
/// The discovery rows of cert-result.json through lookup, fetch, cache and middleware, with each mode remembered before. The
/// cached policy lists no host of the domain and the new one does, so that the delivery tells which of them was applied.
/// </summary>
public sealed class DiscoveryTableTests
{
    private const string Domain = "example.test";
    private const string Host = "mta-sts.example.test";
    private const string Record = "_mta-sts.example.test";
    private const string Mx = "mx.example.test";

    private static readonly string[] Modes = ["enforce", "testing", "none", "no_policy"];
    private static readonly string Fresh = StsLab.Policy("enforce", 86_400, Mx);

    // Revocation is not checked (RFC 8461 §10.5, MAY); expiry, back-off and refresh have tests of their own.
    private static readonly string[] Elsewhere =
    [
        "policy-webpki-revoked", "txt-id-unchanged", "fetched-mode-none", "policy-fetch-timeout", "policy-fetch-backoff",
        "cached-policy-expired-refresh-fails", "cached-policy-expired-txt-absent", "cached-policy-expired-txt-temporary-failure",
        "cached-policy-refresh-due-fails",
    ];

    public static TheoryData<string, string> Cases =>
        [.. from row in Vectors.Read("cert-result.json")
            where row.Text("scope") == "discovery" && !Elsewhere.Contains(row.Text("event"))
            from mode in Modes
            select new TheoryDataRow<string, string>(row.Text("event"), mode)];

    [Theory] // STS-11, STS-12, STS-28 to STS-33, STS-39, STS-40, STS-44, STS-69, STS-70, RFC 8461 §3.3, §5, §6
    [MemberData(nameof(Cases))]
    public async Task Discovery_OfVector_AppliesAndReportsAsExpected(string name, string mode)
    {
        var row = Vectors.Read("cert-result.json").Single(candidate => candidate.Text("event") == name);
        await using var lab = StsLab.Start();
        if (mode != "no_policy")
        {
            lab.Publish(Domain, "old", StsLab.Policy(mode, 86_400, "old.example.test"));
            await lab.AskAsync(Domain);
        }

        Happen(lab, name);
        lab.LetTtlPass();
        var attempt = Attempts.To(Domain, Mx);
        await lab.Middleware.InvokeAsync(
            attempt, Attempts.Transport(_ => (TlsSessionResult.Established, Attempts.Good, string.Empty)), StsLab.Token);
        AssertApplied(row.Text(mode), mode, attempt);
        var (details, sessions) = (lab.Observations.All.Where(IsDetail).ToList(), lab.Observations.All.Where(observation => !IsDetail(observation)).ToList());
        AssertReported(row, mode, details);
        if (mode == "no_policy" && details.Count > 0)
        {
            // RFC 8460 §4.4: under one policy, the one that is announced.
            var session = Assert.Single(sessions);
            Assert.Equal((StsPolicy.Unavailable, ObservationCount.Success), (session.Policy, session.Count));
        }
    }

    private static bool IsDetail(TlsObservation observation) => observation.Count == ObservationCount.DetailsOnly;

    private static void AssertApplied(string expected, string mode, DeliveryAttempt attempt)
    {
        var id = attempt.LogFields.FirstOrDefault(field => field.Key == "sts-id").Value;
        switch (expected)
        {
            case "apply-new":
                Assert.Equal("new", id);
                Assert.IsType<DeliveryOutcome.Delivered>(attempt.Recipients[0].Outcome);
                break;
            case "apply-cached":
                Assert.Equal("old", id);
                Assert.Equal(mode != "enforce", attempt.Recipients[0].Outcome is DeliveryOutcome.Delivered);
                break;
            case "defer-then-opportunistic":
                Assert.Empty(attempt.Sessions);
                Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome);
                break;
            default:
                Assert.NotEqual("new", id);
                Assert.Equal(TlsRequirement.Opportunistic, attempt.Hosts[0].Requirement);
                Assert.IsType<DeliveryOutcome.Delivered>(attempt.Recipients[0].Outcome);
                break;
        }
    }

    private static void AssertReported(JsonElement row, string mode, IReadOnlyList<TlsObservation> details)
    {
        if (row.GetProperty("counts").Text(mode) == "none")
        {
            Assert.Empty(details);
            return;
        }

        var detail = Assert.Single(details);

        // Decision 0053: the vectors' README has no-policy-found where no policy is at hand.
        Assert.Equal("sts", detail.Policy.Type.ToWord());
        Assert.Equal(mode == "no_policy", detail.Policy == StsPolicy.Unavailable);
        var failure = Assert.Single(detail.Failures);
        Assert.Equal(row.Text("result_type"), failure.Type.ToWord());

        // The table writes a class of statuses where the relay names the status.
        Assert.StartsWith(row.Text("failure_reason_code").Replace("5xx", "5", StringComparison.Ordinal), failure.Reason, StringComparison.Ordinal);
    }

    private static void Happen(StsLab lab, string name)
    {
        lab.Publish(Domain, "new", name == "fetched-max-age-zero" ? StsLab.Policy("enforce", 0, Mx) : Fresh);
        if (name.StartsWith("txt-", StringComparison.Ordinal))
        {
            BreakRecord(lab, name);
        }
        else if (name is "policy-host-nxdomain" or "policy-host-dns-temporary-failure" or "policy-connect-failure")
        {
            BreakHost(lab, name);
        }
        else if (name.StartsWith("policy-", StringComparison.Ordinal))
        {
            lab.Play(Domain, Script(lab, name));
        }
    }

    private static void BreakRecord(StsLab lab, string name)
    {
        switch (name)
        {
            case "txt-absent":
                lab.PublishRecord(Domain);
                break;
            case "txt-temporary-failure":
                lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.ServerFailure);
                break;
            case "txt-multiple":
                lab.PublishRecord(Domain, "v=STSv1; id=new;", "v=STSv1; id=new;");
                break;
            case "txt-invalid":
                lab.PublishRecord(Domain, "v=STSv1; id=not-good;");
                break;
            default:
                break;
        }
    }

    private static void BreakHost(StsLab lab, string name)
    {
        lab.Dns.Zone.Remove(Host);
        if (name == "policy-host-dns-temporary-failure")
        {
            lab.Dns.SetFault(Host, LabDnsType.None, LabDnsFault.ServerFailure);
        }
        else if (name == "policy-connect-failure")
        {
            lab.Dns.Zone.AddA(Host, "127.0.0.2");
        }
    }

    private static PolicyHostScript Script(StsLab lab, string name)
    {
        var ca = lab.Authority;
        var good = PolicyHostScript.Serve(ca.Issue(Host), Fresh);
        return name switch
        {
            "policy-tls-handshake-failure" => good with { Fault = PolicyHostFault.DropBeforeTls },
            "policy-http-404" => good with { Status = 404 },
            "policy-http-410" => good with { Status = 410 },
            "policy-http-500" => good with { Status = 500 },
            "policy-http-204" => good with { Status = 204 },
            "policy-http-redirect-301" => good with { Status = 301 },
            "policy-http-304" => good with { Status = 304 },
            "policy-wrong-content-type" => good with { ContentType = "text/html" },
            "policy-missing-content-type" => good with { ContentType = null },
            "policy-body-truncated" => good with { Fault = PolicyHostFault.Truncate },
            "policy-body-too-large" => good with { Body = Encoding.ASCII.GetBytes(Fresh + "pad: " + new string('a', 65_536)) },
            "policy-syntax-invalid" => good with { Body = "version: STSv1\nmode\n"u8.ToArray() },
            "policy-empty-body" => good with { Body = ReadOnlyMemory<byte>.Empty },
            "policy-unsupported-version" => good with { Body = Encoding.ASCII.GetBytes(Fresh.Replace("STSv1", "STSv2", StringComparison.Ordinal)) },
            "policy-webpki-expired" => good with { Certificate = ca.IssueExpired(Host) },
            "policy-webpki-untrusted" => good with { Certificate = ca.IssueSelfSigned(Host) },
            "policy-webpki-name-mismatch" => good with { Certificate = ca.IssueWrongName() },
            "policy-webpki-cn-only" => good with { Certificate = ca.IssueCommonNameOnly(Host) },
            "policy-webpki-wildcard-ok" => good with { Certificate = ca.Issue("*.example.test") },
            _ => throw new ArgumentOutOfRangeException(nameof(name), name, "the table has a row without a script"),
        };
    }
}
