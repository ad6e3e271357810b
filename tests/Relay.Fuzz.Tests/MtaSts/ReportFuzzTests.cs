using System.Net;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Options;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;
using Relay.MtaSts.Policies;
using Relay.TlsRpt;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Sending;

namespace Relay.Fuzz.Tests.MtaSts;

/// <summary>What peers say of themselves, on its way into a report that others parse.</summary>
public sealed class ReportFuzzTests
{
    private const byte Separator = 0xFE;
    private const string Policy = "version: STSv1\nmode: testing\nmx: mx.a.test\nmax_age: 1\n";

    private static readonly DateOnly Day = new(2026, 11, 22);

    private static readonly ReportIdentity Identity = new(Options.Create(new TlsRptOptions { Contact = "tls@relay.test" }), new DeliveryIdentity("relay.test"));

    private static readonly Gen<byte[]> Word = Gen.Frequency(
        (8, Grammar.Mostly("mx.example.com", "MX", "a_b", "relay\r\nTo: x@y", "\"", "\\", "\u0000", "\u00C2\u0085", "\u00E2\u0080\u00A8", "\u00F0\u009F\u0098\u0080", "\u00ED\u00A0\u0080", "</script>", "--tlsrpt-", "")),
        (1, Grammar.Run("x", 127, 128, 129, 255, 256, 1000)));

    private static readonly Gen<byte[]> Cases = Grammar.Row(
        Gen.Frequency((3, Grammar.Of(Policy, Policy + "x-note: \"\\\u00C3\u00BC\u00E2\u0080\u00A8\t\n", Policy.Replace("\n", "\r\n", StringComparison.Ordinal))), (1, Word)),
        Grammar.Times(1, 6, Grammar.Row(Grammar.Of("\u00FE"), Word)));

    private static readonly FuzzTarget Target = new(
        "report",
        [.. new[] { Policy + "\u00FEmx.a.test\u00FEmx.a.test\u00FEexpired", Policy + "\u00FE\u00FE\u00FE\u00FE", "no policy\u00FEa\u00FEb\u00FEc\u00FEmailto:x@y.test" }.Select(Grammar.Octets)],
        Cases,
        Read)
    {
        Tokens = [.. new[] { "\u00FE", "\r\n", "\"", "\\u0000", "\0", "mx: *.b.test\n", "\u00E2\u0080\u00A8" }.Select(Grammar.Octets)],
        MaxLength = 8192,
        Allocation = 1024 * 1024,
        AllocationPerOctet = 200,
    };

    [Fact] // HARD-12, RPT-21, RFC 8460 §4.4, §5.3
    public void Report_OfAnyObservation_KeepsToSchemaAndLines() => FuzzRun.Of(Target);

    private static Reading Read(byte[] octets)
    {
        var parts = Parts(octets);
        var policy = (StsPolicy.Parse(parts[0]) as PolicyReading.Valid)?.Policy;
        var reported = policy?.Observed ?? ObservedPolicy.NoPolicyFound;

        // The ledger keeps no more of them.
        var failures = parts.Skip(1).Take(LedgerWriter.MaxFailures).Select((part, index) => new FailureCount(KeyOf(part, index, reported), index + 1)).DistinctBy(entry => entry.Failure).ToList();
        var counts = new PolicyCounts(
            reported.Type.ToWord(), reported.Strings, reported.MxPatterns, 1, failures.Count, failures);
        Assert.True(DomainName.TryParse("example.test", out var domain));
        var report = new TlsReportBuilder(Identity).Build(new DayCounts(Day, domain, [counts]));
        var mailbox = Mailbox.TryParse(parts[^1], out var read) && System.Text.Ascii.IsValid(read.ToString()) ? read.ToString() : "tls@example.test";
        var message = ReportMessage.Write(report, mailbox, DateTimeOffset.UnixEpoch).ToOctets(string.Empty);
        return new Reading(policy is not null, () =>
        {
            Assert.Empty(JsonSchemaCheck.Validate("tlsrpt-report.schema.json", report.Json));
            Assert.True(System.Text.Ascii.IsValid(report.Summary));
            Assert.DoesNotContain(report.Summary, character => character is < ' ' and not '\n');
            CheckMessage(message);
        });
    }

    private static List<byte[]> Parts(byte[] octets)
    {
        var parts = new List<byte[]>();
        foreach (var range in octets.AsSpan().Split(Separator))
        {
            parts.Add(octets[range]);
        }

        return parts;
    }

    private static FailureKey KeyOf(byte[] part, int index, ObservedPolicy policy)
    {
        var text = Encoding.UTF8.GetString(part);
        var types = Enum.GetValues<TlsResultType>();
        Assert.True(DomainName.TryParse("example.test", out var domain));
        var observation = new TlsObservation
        {
            PolicyDomain = domain,
            Policy = policy,
            Count = ObservationCount.Failure,

            // A name from an MX record: anything that DNS carries (RFC 2181 §11).
            MxHost = DomainName.TryParse(text, out var host) && !host.IsRoot ? host.Value : "mx.example.test",
            ReceivingHelo = text,
            SendingAddress = part.Length is 4 or 16 ? new IPAddress(part) : IPAddress.Parse("fe80::1%3"),
            ReceivingAddress = IPAddress.Parse("::ffff:192.0.2.1"),
            Time = DateTimeOffset.UnixEpoch,
        };
        return FailureKey.Of(observation, new ObservedFailure(types[index % types.Length], text));
    }

    private static void CheckMessage(byte[] message)
    {
        var text = Encoding.ASCII.GetString(message);
        Assert.DoesNotContain(text, character => character is > '~' or (< ' ' and not ('\r' or '\n')));
        var lines = text.Split("\r\n");
        Assert.All(lines, line => Assert.False(line.Length > 998 || line.AsSpan().ContainsAny('\r', '\n')));

        // The header holds our fields and no other.
        var names = lines.TakeWhile(line => line.Length > 0).Where(line => line[0] is not (' ' or '\t')).Select(line => line.Split(':')[0]);
        Assert.Equal(
            ["From", "To", "Date", "Message-ID", "Subject", "TLS-Report-Domain", "TLS-Report-Submitter", "TLS-Required", "Auto-Submitted", "MIME-Version", "Content-Type"],
            names);
    }
}
