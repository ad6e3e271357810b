using System.Text;
using System.Text.Json;
using Relay.Dns;
using Relay.Mail;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Records;
using Relay.TlsRpt.Tests.Lab;

namespace Relay.TlsRpt.Tests.Records;

public sealed class TlsRptRecordTests
{
    public static TheoryData<string> Cases => [.. Vectors.Read("tlsrpt-record.json").Select(row => row.Text("name"))];

    [Theory] // RPT-02 to RPT-06, RFC 8460 §3
    [MemberData(nameof(Cases))]
    public void RecordSet_OfVector_IsReadAsExpected(string name)
    {
        var row = Vectors.Read("tlsrpt-record.json").Single(candidate => candidate.Text("name") == name);
        var result = TlsRptRecord.Parse([.. row.GetProperty("txts").EnumerateArray().Select(Txt)]);
        var expected = row.GetProperty("expect");
        switch (expected.Text("outcome"))
        {
            case "found":
                var found = Assert.IsType<TlsRptRecordSet.Found>(result);
                Assert.Equal(Strings(expected, "rua"), found.Destinations.Select(destination => destination.Rua));
                Assert.Equal(Strings(expected, "deliver_to"), found.Destinations.Select(DeliverTo));
                break;
            case "none":
                Assert.IsType<TlsRptRecordSet.Absent>(result);
                break;
            case "multiple":
                Assert.IsType<TlsRptRecordSet.Multiple>(result);
                break;
            default:
                Assert.IsType<TlsRptRecordSet.Invalid>(result);
                break;
        }
    }

    [Theory] // RPT-06, RFC 6068 §2: what is decoded must still be a mailbox, and nothing more
    [InlineData("mailto:a%0D%0ARCPT%20TO:<b@c.example>@example.com")]
    [InlineData("mailto:a@example.com%3E%20SIZE=1")]
    [InlineData("mailto:%00@example.com")]
    [InlineData("mailto:a%4@example.com")]
    [InlineData("mailto:@relay.example:a@example.com")]
    [InlineData("https://user:secret@reports.example/")]
    [InlineData("https://")]
    public void Uri_ThatWouldSmuggle_IsPassedOver(string published)
    {
        var found = Assert.IsType<TlsRptRecordSet.Found>(TlsRptRecord.ParseOne(Encoding.ASCII.GetBytes($"v=TLSRPTv1; rua={published}")));
        Assert.Empty(found.Destinations);
    }

    [Fact] // E87, RFC 6068 §2
    public void Mailto_WithHeaderFields_LosesThem()
    {
        var found = Assert.IsType<TlsRptRecordSet.Found>(
            TlsRptRecord.ParseOne("v=TLSRPTv1; rua=mailto:a@example.com?subject=x"u8));
        Assert.Equal("a@example.com", Assert.IsType<TlsRptDestination.Mail>(Assert.Single(found.Destinations)).Mailbox);
    }

    [Fact] // RFC 8460 §3: whatever a remote party publishes
    public void Record_TruncatedOrScrambled_NeverThrows()
    {
        var record = "v=TLSRPTv1; rua=mailto:%22tls%2Crpt%22@example.com,https://reports.example.com/in?x=1; ext=1;"u8.ToArray();
        for (var length = 0; length <= record.Length; length++)
        {
            TlsRptRecord.ParseOne(record.AsSpan(0, length));
        }

        var random = new Random(8460);
        for (var round = 0; round < 20_000; round++)
        {
            var scrambled = (byte[])record.Clone();
            for (var hit = 0; hit < 3; hit++)
            {
                scrambled[random.Next(12, scrambled.Length)] = (byte)random.Next(256);
            }

            Assert.NotNull(TlsRptRecord.ParseOne(scrambled));
        }
    }

    [Fact] // RPT-01, RFC 8460 §3
    public async Task Lookup_AsksForOneNameOnly()
    {
        await using var lab = ReportLab.Start();
        lab.Ask("sub.example.test", "v=TLSRPTv1; rua=mailto:a@example.com");
        lab.Succeed("sub.example.test");
        await lab.EndDayAsync();
        Assert.Single(lab.Destinations.Seen);
        Assert.Equal(["_smtp._tls.sub.example.test"], lab.Dns.Queries.All.Select(query => $"{query.Name}").Distinct());
    }

    private static string DeliverTo(TlsRptDestination destination) => destination switch
    {
        TlsRptDestination.Mail mail => mail.Mailbox,
        TlsRptDestination.Https https => https.Endpoint.OriginalString,
        _ => string.Empty,
    };

    private static IEnumerable<string> Strings(JsonElement element, string property) =>
        element.GetProperty(property).EnumerateArray().Select(item => item.GetString()!);

    private static DnsRecord.Text Txt(JsonElement txt)
    {
        string[] strings = txt.ValueKind == JsonValueKind.Array
            ? [.. txt.EnumerateArray().Select(part => part.GetString()!)]
            : [txt.GetString()!];
        return new(DomainName.Root, TimeSpan.Zero, [.. strings.Select(part => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(part))]);
    }
}
