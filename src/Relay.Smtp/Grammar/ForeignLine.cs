using System.Buffers;
using System.Text;

namespace Relay.Smtp.Grammar;

/// <summary>
/// Knows the lines that no SMTP client sends. A web page can make a browser, and a URI can make a server, send a request to a listener
/// that trusts their address; the commands of a message stand in its body then, behind lines that SMTP would answer with 500 (RFC 5321
/// §4.2.4 does not say to go on after them).
/// </summary>
internal static class ForeignLine
{
    /// <summary>Octets that <see cref="OfStart"/> can make use of: the longest method and the blank behind it.</summary>
    public const int StartOctets = 8;

    private const byte TlsHandshake = 22;

    private static readonly SearchValues<byte> VersionOctets = SearchValues.Create("0123456789."u8);

    /// <summary>What the first octets of a connection tell, before there is a whole line.</summary>
    public static ForeignProtocol OfStart(ReadOnlySpan<byte> start)
    {
        // RFC 5321 §4.1.1: every verb is made of letters.
        if (start.IsEmpty || char.IsAsciiLetter((char)start[0]))
        {
            return start.IndexOf((byte)' ') is var end and > 0 && IsMethod(start[..end]) ? ForeignProtocol.Http : ForeignProtocol.None;
        }

        // RFC 8446 §5.1: a ClientHello comes in a record of this type.
        return start[0] == TlsHandshake ? ForeignProtocol.Tls : ForeignProtocol.Unknown;
    }

    /// <summary>A line of an HTTP request that stands before the header, whatever else may be wrong with it.</summary>
    /// <param name="line">The whole line.</param>
    /// <param name="verb">Its first word.</param>
    public static bool IsHttp(ReadOnlySpan<byte> line, ReadOnlySpan<byte> verb) => IsMethod(verb) || EndsInVersion(line);

    /// <summary>A field of a header, of HTTP or of a message (RFC 9112 §5, RFC 5322 §2.2), in the place of a command.</summary>
    /// <param name="verb">The line's first word, which is no verb of SMTP.</param>
    /// <param name="argument">What follows it.</param>
    public static bool IsField(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> argument) =>
        verb.Contains((byte)':') || argument is [(byte)':', ..];

    // RFC 9110 §9.3 and PATCH; PRI opens HTTP/2 (RFC 9113 §3.4). Other methods are known by the version behind them.
    private static bool IsMethod(ReadOnlySpan<byte> verb) => verb.Length switch
    {
        3 => Is(verb, "GET"u8) || Is(verb, "PUT"u8) || Is(verb, "PRI"u8),
        4 => Is(verb, "POST"u8) || Is(verb, "HEAD"u8),
        5 => Is(verb, "PATCH"u8) || Is(verb, "TRACE"u8),
        6 => Is(verb, "DELETE"u8),
        7 => Is(verb, "OPTIONS"u8) || Is(verb, "CONNECT"u8),
        _ => false,
    };

    // RFC 9112 §2.3: whatever method stands in front, also one that is named like a command of SMTP.
    private static bool EndsInVersion(ReadOnlySpan<byte> line)
    {
        var word = line[(line.LastIndexOf((byte)' ') + 1)..];
        return word.Length > 5 && Is(word[..5], "HTTP/"u8) && !word[5..].ContainsAnyExcept(VersionOctets);
    }

    private static bool Is(ReadOnlySpan<byte> word, ReadOnlySpan<byte> expected) => Ascii.EqualsIgnoreCase(word, expected);
}
