using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Reception;

namespace Relay.Fuzz.Tests.Program;

/// <summary>The header section as it goes by.</summary>
public sealed class HeaderScanFuzzTests
{
    private static readonly Gen<byte[]> Line = Grammar.Row(
        Grammar.Mostly("Received", "received", "RECEIVED ", "Date", "Message-ID", "message-id\t", "Subject", "Receive", "Receiveds", "", " ", "\t", "From ", ">From ", "Text of", "\u00E9", "X-" + new string('x', 80)),
        Grammar.Mostly(":", ": x", ":\t", " :", "", "\r", " x"),
        Gen.Frequency((20, Grammar.Of("\r\n")), (1, Grammar.Of("\n", "\r", "\r\r\n", "\n\r\n", ""))));

    private static readonly FuzzTarget Target = new(
        "header-scan",
        [.. new[]
        {
            "Received: from a\r\n by b\r\nDate: now\r\nMessage-ID: <a@b>\r\n\r\nReceived: body\r\n", "\r\n", "DATE :x\r\nmessage-id:\r\n", " Received: folded\r\nReceived\r\n:\r\n", "Received", "From a@b Mon Jan  1\r\nDate: x\r\n\r\n", ">>From x\r\n", "text\r\nDate: x\r\n", " (c); Mon\r\n", new string('R', 4000),
        }.Select(Grammar.Octets)],
        Grammar.Row(Grammar.Times(0, 10, Line), Grammar.Of("", "\r\n", "\r\nDate: x\r\n")),
        Read)
    {
        Tokens = [.. new[] { "\r\n", "\r", "\n", "Received:", "Date:", "Message-ID:", "\r\n\r\n", " ", ":" }.Select(Grammar.Octets)],
        MaxLength = 16_384,
        Allocation = 16 * 1024,
        AllocationPerOctet = 0,
    };

    [Fact] // HARD-06, RFC 5321 §6.3, RFC 5322 §2.2
    public void Read_AnyOctets_SeesTheSameFieldsInEveryChunking() => FuzzRun.Of(Target);

    private static Reading Read(byte[] octets)
    {
        var whole = new HeaderScan();
        whole.Read(octets);
        return new Reading(whole.IsOver, () =>
        {
            var parts = new HeaderScan();
            var at = 0;
            foreach (var portion in Portions.Of(octets))
            {
                parts.Read(octets.AsSpan(at, portion));
                at += portion;
            }

            Assert.Equal(Show(whole), Show(parts));
            Assert.Equal(Plain(Encoding.Latin1.GetString(octets)), Show(whole));
        });
    }

    private static (int Received, bool Date, bool MessageId, bool Over, bool Missing) Show(HeaderScan scan) =>
        (scan.ReceivedFields, scan.HasDate, scan.HasMessageId, scan.IsOver, scan.IsMissing);

    // Line by line; what follows the last LF is no line yet.
    private static (int Received, bool Date, bool MessageId, bool Over, bool Missing) Plain(string text)
    {
        var lines = text.Split('\n')[..^1];
        if (text.Length > 0 && !BeginsHeader(text.Split('\n')[0], isWhole: lines.Length > 0))
        {
            return (0, false, false, lines.Length > 0, true);
        }

        var header = lines.TakeWhile(line => line is not ("" or "\r")).ToList();
        return (header.Count(line => Names(line, "received")), header.Exists(line => Names(line, "date")), header.Exists(line => Names(line, "message-id")), header.Count < lines.Length, false);
    }

    // A field, the empty line where there is none, or a line that a mailbox file has before a message.
    private static bool BeginsHeader(string line, bool isWhole) =>
        (isWhole && line is "" or "\r")
        || Regex.IsMatch(line, "\\A[!-9;-~]+[ \t]*:", RegexOptions.CultureInvariant)
        || line[..Math.Min(12, line.Length)].TrimStart('>').StartsWith("From ", StringComparison.Ordinal);

    private static bool Names(string line, string name) =>
        line.Length > name.Length && line.StartsWith(name, StringComparison.OrdinalIgnoreCase) && line[name.Length] is ':' or ' ' or '\t';
}
