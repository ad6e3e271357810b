using System.Text;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Smtp.Tests.Server;

public class AllocationTests
{
    [Fact] // SMTP-32: the hot path of every message; it must not allocate, whatever the lines
    public void Scan_OfAMessage_AllocatesNothing()
    {
        var octets = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("a line of some text\r\n..dots\r\n", 5_000)));
        var scanner = new ContentScanner(isDotStuffed: true);
        ScanAll(scanner, octets);
        var before = GC.GetAllocatedBytesForCurrentThread();
        ScanAll(scanner, octets);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact] // HARD-06: commands without an address make no garbage
    public void Parse_OfPlainCommands_AllocatesNothing()
    {
        ParseAll();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var round = 0; round < 1_000; round++)
        {
            ParseAll();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static void ParseAll()
    {
        CommandParser.Parse("DATA"u8);
        CommandParser.Parse("rset"u8);
        CommandParser.Parse("NOOP with words"u8);
        CommandParser.Parse("STARTTLS"u8);
    }

    private static void ScanAll(ContentScanner scanner, ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            scanner.Scan(octets, out var consumed);
            octets = octets[consumed..];
        }
    }
}
