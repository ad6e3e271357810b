using System.Text;

namespace Relay.Interop.Tests;

/// <summary>Messages that are legal and easily damaged.</summary>
internal static class SampleMessages
{
    private const string Header =
        "From: App <app@client.test>\r\nTo: Somebody <somebody@remote.test>\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=  two  blanks \r\n"
        + "Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <sample@client.test>\r\nX-Folded: one\r\n\ttwo\r\n   three\r\n"
        + "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";

    /// <summary>The samples by name.</summary>
    public static byte[] Get(string name) => name switch
    {
        "plain" => Message("Hello.\r\n"),
        // RFC 5321 §4.5.2: lines of one, two and three dots, alone and with text, also as the last.
        "dots" => Message(".\r\n..\r\n...\r\n.one\r\n..two\r\n\r\n.\r\n"),
        "eight-bit" => Message("Grüße, 你好, ✉\r\n" + new string('é', 400) + "\r\n"),
        // RFC 5321 §4.5.3.1.6: 998 octets and CRLF are the longest line; blanks at its end belong to it.
        "long-lines" => Message(string.Concat(Enumerable.Range(0, 40).Select(i => new string((char)('a' + (i % 26)), 996) + "  \r\n"))),
        "no-body" => Encoding.UTF8.GetBytes(Header[..^2] + "\r\n"),
        "empty-lines-at-the-end" => Message("text\r\n\r\n\r\n\r\n"),
        "five-megabytes" => Message(string.Concat(Enumerable.Range(0, 65_000).Select(i => $"{i % 7:x}.{i,-72:D10}.blank \r\n"))),
        _ => throw new ArgumentOutOfRangeException(nameof(name)),
    };

    /// <summary>All names but the big one's.</summary>
    public static TheoryData<string> Small => ["plain", "dots", "eight-bit", "long-lines", "no-body", "empty-lines-at-the-end"];

    private static byte[] Message(string body) => Encoding.UTF8.GetBytes(Header + body);
}
