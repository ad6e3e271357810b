using System.Globalization;
using System.IO.Compression;
using System.Text;
using Microsoft.Extensions.Options;
using Relay.Lab;
using Relay.TlsRpt.Sending;
using Relay.TlsRpt.Tests.Format;

namespace Relay.TlsRpt.Tests.Sending;

public sealed class ReportMailTests : IDisposable
{
    private const string Rua = "tls@reports.example";

    private readonly SigningLab _lab = new();

    public void Dispose() => _lab.Dispose();

    [Fact] // RPT-36, RPT-37, RPT-33, RPT-35, RFC 8460 §5.2, §5.3, §6.2
    public void Message_Body_IsAReportOfATextAndThePackedJson()
    {
        var message = Write();

        Assert.StartsWith("multipart/report; report-type=tlsrpt; boundary=\"", message["Content-Type"], StringComparison.Ordinal);
        var parts = message.Parts();
        Assert.Equal(2, parts.Count);
        Assert.Equal("text/plain; charset=us-ascii", parts[0]["Content-Type"]);
        Assert.Contains("3 good, 1 failed", parts[0].Body, StringComparison.Ordinal);
        Assert.Equal(("application/tlsrpt+gzip", "base64"), (parts[1]["Content-Type"], parts[1]["Content-Transfer-Encoding"]));
        Assert.All(parts[1].Body.Split("\r\n"), line => Assert.True(line.Length <= 76));
        var packed = Convert.FromBase64String(parts[1].Body);
        Assert.Equal((0x1f, 0x8b), (packed[0], packed[1]));
        using var gzip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
        using var json = new MemoryStream();
        gzip.CopyTo(json);
        Assert.Equal(SampleReport.Json, json.ToArray());
    }

    [Fact] // RPT-34, RPT-35, RPT-52, RFC 8460 §5.1, §5.6
    public void Message_FileName_HasItsPartsAndAgreesWithTheHeader()
    {
        var message = Write();

        var name = message.Parts()[1]["Content-Disposition"];
        Assert.Equal("attachment; filename=\"relay.test!example.test!1795305600!1795391999!7f3c21.json.gz\"", name);
        Assert.Contains($"!{message["TLS-Report-Domain"]}!", name, StringComparison.Ordinal);
        Assert.Contains($"\"{message["TLS-Report-Submitter"]}!", name, StringComparison.Ordinal);
    }

    [Fact] // RPT-38, RPT-39, RPT-40, RPT-52, RFC 8460 §5.3, RFC 8689 §5, RFC 3834 §5
    public void Message_Header_HasEachFieldOnceAndTheSubjectsForm()
    {
        var message = Write();

        Assert.Equal(("tls@relay.test", Rua), (message["From"], message["To"]));
        Assert.Equal(("example.test", "relay.test"), (message["TLS-Report-Domain"], message["TLS-Report-Submitter"]));
        Assert.Matches(
            $"^Report Domain: example\\.test Submitter: relay\\.test Report-ID: <{System.Text.RegularExpressions.Regex.Escape(SampleReport.Id)}>$",
            message["Subject"]);
        Assert.Equal(("No", "auto-generated", "1.0"), (message["TLS-Required"], message["Auto-Submitted"], message["MIME-Version"]));
        Assert.Equal(
            _lab.Clock.GetUtcNow(),
            DateTimeOffset.ParseExact(message["Date"], "ddd, dd MMM yyyy HH:mm:ss zzz", CultureInfo.InvariantCulture));
        Assert.Equal(2, message.Fields.Count(field => field.Name == "DKIM-Signature"));
        Assert.Equal(11, message.Fields.Count(field => field.Name != "DKIM-Signature"));
    }

    [Fact] // RPT-32, RFC 8460 §5.3
    public void Message_WrittenAgainLater_KeepsItsIdentity()
    {
        var first = Write();
        _lab.Clock.Advance(TimeSpan.FromHours(3));

        Assert.Equal(first["Message-ID"], Write()["Message-ID"]);
        Assert.Equal(first["Subject"], Write()["Subject"]);
        Assert.Matches("^<[0-9a-f]+\\.tlsrpt@relay\\.test>$", first["Message-ID"]);
        Assert.NotEqual(first["Message-ID"], StrictMessage.Parse(_lab.Mail.Write(SampleReport.Make(), "other@reports.example"))["Message-ID"]);
    }

    [Theory] // RPT-41, RPT-44, RFC 8460 §3, RFC 6376 §3.7
    [InlineData(SigningLab.Selector)]
    [InlineData(SigningLab.Selector + SigningKey.ReportSelectorSuffix)]
    public void Signature_OfEitherKeyRecord_HoldsUntilSomethingChanges(string selector)
    {
        var octets = _lab.Mail.Write(SampleReport.Make(), Rua);

        Assert.True(DkimVerifier.Verify(octets, selector, _lab.Records));
        var text = Encoding.ASCII.GetString(octets);
        foreach (var (from, to) in ((string, string)[])
            [
                ("3 good", "4 good"), ("TLS-Report-Domain: example", "TLS-Report-Domain: examplf"),
                ("Submitter: relay", "Submitter: relax"), ("To: tls@", "To: tlt@"),
                ("From: tls@relay.test", "From: a@evil.test\r\nFrom: tls@relay.test"),
                ("TLS-Report-Domain: ", "TLS-Report-Domain: evil.test\r\nTLS-Report-Domain: "),
            ])
        {
            var changed = text.Replace(from, to, StringComparison.Ordinal);
            Assert.NotEqual(text, changed);
            Assert.False(DkimVerifier.Verify(Encoding.ASCII.GetBytes(changed), selector, _lab.Records), to);
        }
    }

    [Theory] // RFC 6376 §3.4.4: what relaxed bodies forgive, and what they keep
    [InlineData("")]
    [InlineData("\n\n\n")]
    [InlineData(" lead\n\ttab \t mid  \n\n\nlast\n\n\n")]
    [InlineData("- - \n .\n..\n")]
    public void Signature_OfAnySummary_Holds(string summary)
    {
        var octets = _lab.Mail.Write(SampleReport.Make(summary: summary), Rua);

        Assert.True(DkimVerifier.Verify(octets, SigningLab.Selector, _lab.Records));
    }

    [Fact] // RPT-42, RPT-43, RFC 8460 §3, §5.3
    public void Signature_Tags_CoverTheReportFieldsAndTheWholeBody()
    {
        foreach (var (_, raw) in Write().Fields.Where(field => field.Name == "DKIM-Signature"))
        {
            var tags = DkimVerifier.Tags(raw["DKIM-Signature:".Length..]);
            Assert.DoesNotContain("l", tags.Keys);
            Assert.Equal(("1", "rsa-sha256", "relaxed/relaxed", "relay.test"), (tags["v"], tags["a"], tags["c"], tags["d"]));
            var names = tags["h"].Split(':');
            foreach (var name in (string[])["From", "To", "Date", "Subject", "Message-ID", "MIME-Version", "Content-Type",
                "TLS-Report-Domain", "TLS-Report-Submitter", "TLS-Required", "Auto-Submitted"])
            {
                Assert.Contains(name, names);
            }
        }
    }

    [Fact] // RFC 5322 §2.1.1: with the longest names that DNS has
    public void Message_OfTheLongestDomain_StaysWithinItsLines()
    {
        var domain = string.Join('.', Enumerable.Repeat(new string('a', 62), 4))[..249] + ".tst";

        var octets = _lab.Mail.Write(SampleReport.Make(domain), Rua);

        Assert.Equal(domain, StrictMessage.Parse(octets)["TLS-Report-Domain"]);
        Assert.True(DkimVerifier.Verify(octets, SigningLab.Selector, _lab.Records));
    }

    [Fact] // RPT-41, RFC 8460 §3
    public void Mail_WithoutAKey_IsNotWrittenAndSaysHowToMakeOne()
    {
        var mail = new ReportMailComposer(Options.Create(new TlsRptOptions()), new ManualClock());

        Assert.Contains("relay dkim new", mail.CannotSendReason, StringComparison.Ordinal);
        Assert.Throws<InvalidOperationException>(() => mail.Write(SampleReport.Make(), Rua));
    }

    private StrictMessage Write() => StrictMessage.Parse(_lab.Mail.Write(SampleReport.Make(), Rua));
}
