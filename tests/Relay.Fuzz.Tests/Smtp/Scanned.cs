using System.Text;
using Relay.Smtp.Server;

namespace Relay.Fuzz.Tests.Smtp;

/// <summary>What the scanner made of some octets.</summary>
internal sealed record Scanned(string Content, int Consumed, ContentFault Fault, bool IsEightBit, bool IsEnded, bool IsAtLineStart)
{
    public static Scanned Of(byte[] octets, bool isDotStuffed, IReadOnlyList<int> portions)
    {
        var scanner = new ContentScanner(isDotStuffed);
        var content = new StringBuilder();
        var at = 0;
        foreach (var portion in portions)
        {
            for (var end = at + portion; at < end && !scanner.IsEnded;)
            {
                var part = octets.AsSpan(at, end - at);
                var piece = scanner.Scan(part, out var consumed);
                Assert.True(consumed > 0, "no progress");
                content.Append(Encoding.Latin1.GetString(part[piece]));
                at += consumed;
            }
        }

        var isAtLineStart = scanner.IsAtLineStart;
        if (!isDotStuffed)
        {
            scanner.End();
        }

        return new Scanned(content.ToString(), at, scanner.Fault, scanner.IsEightBit, scanner.IsEnded, isAtLineStart);
    }
}
