using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;
using Relay.TlsRpt.Records;

namespace Relay.Fuzz.Tests.MtaSts;

/// <summary>The TXT record of <c>_smtp._tls</c> and the URIs in it.</summary>
public sealed class TlsRptRecordFuzzTests
{
    private static readonly Gen<byte[]> Uri = Gen.Frequency(
        (8, Grammar.Either(
            ["mailto:reports@example.com", "MAILTO:a%2Bb@example.com", "mailto:a@b.test?subject=x", "https://reports.example.com/v1", "HTTPS://a.test:8443/x?y=z#f", "mailto:%22a%20b%22@c.test"],
            ["mailto:", "mailto:@", "mailto:a@b%0D%0ARCPT", "mailto:a%00@b.test", "mailto:a@b,c@d", "https://", "https://u:p@a.test/", "http://a.test/", "https:///x", "https://[::1]/", "https://a.test/%", "https://\u00FC.test/", "ftp://a", "!", "mailto:%"])),
        (1, Grammar.Row(Grammar.Of("https://a.test/", "mailto:x@"), Grammar.Run("y", 200, 255, 2030, 2048))));

    private static readonly Gen<byte[]> Field = Gen.Frequency(
        (5, Grammar.Row(Grammar.Of("rua="), Uri, Grammar.Times(0, 2, Grammar.Row(Grammar.Of(",", " , ", ",,"), Uri)))),
        (1, Grammar.Of("x=y", "", "rua", "rua=", "RUA=mailto:a@b.test", "rua =mailto:a@b.test")));

    private static readonly Gen<byte[]> Records = Grammar.Row(
        Grammar.Either(["v=TLSRPTv1", "v=TLSRPTv1 "], ["v=TLSRPTv2", "V=TLSRPTv1", "", " v=TLSRPTv1"]),
        Grammar.Times(1, 3, Grammar.Row(Grammar.Either([";", "; "], ["", ",", ";;"]), Field)), Grammar.Of("", ";"));

    private static readonly FuzzTarget Target = new("tlsrpt-record", [.. TextRecords.OfVectors("tlsrpt-record.json")], Records, Read)
    {
        Tokens = [.. new[] { "v=TLSRPTv1;", "rua=", "mailto:", "https://", "%0D%0A", "%", ",", ";", "@", "?", "!", "[", "\\" }.Select(Grammar.Octets)],
        Extremes = [ManyUris("https://a"), ManyUris("mailto:a@b")],
        MaxLength = 65_000,
        Allocation = 256 * 1024,
        AllocationPerOctet = 400,
    };

    [Fact] // RPT-01 to RPT-04, RFC 8460 §3
    public void Parse_AnyOctets_NamesOnlyDestinationsThatAreSafeToUse() => FuzzRun.Of(Target);

    [Theory] // RFC 8460 §3: each URI was once compared with every one before it
    [InlineData("https://a")]
    [InlineData("mailto:a@b")]
    public void Parse_ThousandsOfDestinations_TakesNoSquareOfTime(string start)
    {
        var octets = ManyUris(start);
        Assert.Null(new CaseMeter(Target).Measure(octets));
        Assert.Equal(4000, Assert.IsType<TlsRptRecordSet.Found>(TlsRptRecord.ParseOne(octets)).Destinations.Count);
    }

    // As many different destinations as a TXT record over TCP has room for.
    private static byte[] ManyUris(string start) =>
        Grammar.Octets("v=TLSRPTv1; rua=" + string.Join(',', Enumerable.Range(10_000, 4000).Select(number => $"{start}{number}")));

    private static Reading Read(byte[] octets)
    {
        var one = TlsRptRecord.ParseOne(octets);
        return new Reading(one is TlsRptRecordSet.Found { Destinations.Count: > 0 }, () =>
        {
            var set = TlsRptRecord.Parse([TextRecords.Cut(octets)]);
            Assert.Equal(one?.GetType() ?? typeof(TlsRptRecordSet.Absent), set.GetType());
            if (one is not TlsRptRecordSet.Found found)
            {
                return;
            }

            Assert.Equal(found.Destinations, ((TlsRptRecordSet.Found)set).Destinations);
            Assert.Equal(found.Destinations.Count, found.Destinations.Select(destination => destination.Rua).Distinct().Count());
            foreach (var destination in found.Destinations)
            {
                Check(destination, octets);
            }
        });
    }

    private static void Check(TlsRptDestination destination, byte[] record)
    {
        Assert.InRange(destination.Rua.Length, 8, 2048);
        Assert.True(record.AsSpan().IndexOf(Encoding.ASCII.GetBytes(destination.Rua)) >= 0, "not as published");
        Assert.DoesNotContain(destination.Rua, character => character is <= ' ' or > '~' or '!' or ',' or ';');
        switch (destination)
        {
            case TlsRptDestination.Mail mail:
                PlainText.IsClean(mail.Mailbox);
                Assert.True(System.Text.Ascii.IsValid(mail.Mailbox));
                Assert.True(Mailbox.TryParse(Encoding.ASCII.GetBytes(mail.Mailbox), out var mailbox));
                Assert.Equal(mail.Mailbox, mailbox.ToString());
                break;
            case TlsRptDestination.Https https:
                Assert.Equal("https", https.Endpoint.Scheme);
                Assert.NotEmpty(https.Endpoint.Host);
                Assert.Empty(https.Endpoint.UserInfo);
                PlainText.IsClean(https.Endpoint.AbsoluteUri);
                break;
            default:
                Assert.Fail("a destination of another kind");
                break;
        }
    }
}
