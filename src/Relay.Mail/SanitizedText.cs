using System.Buffers;
using System.Net;

namespace Relay.Mail;

/// <summary>
/// Brings what a peer said into the few characters and the length that a report needs, so that nobody can write into
/// the
/// reports, the store or the terminals of others.
/// </summary>
public static class SanitizedText
{
    /// <summary>The reason that stands where a type needs one and the session gave none.</summary>
    public const string Unspecified = "unspecified";

    private const int MaxReason = 128;
    private const int MaxHelo = 255;

    private static readonly SearchValues<char> Token =
        SearchValues.Create("+-./0123456789:=ABCDEFGHIJKLMNOPQRSTUVWXYZ[]_abcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> Host = SearchValues.Create("-.0123456789_abcdefghijklmnopqrstuvwxyz");

    private static readonly SearchValues<char> PolicyDomain =
        SearchValues.Create("-.0123456789abcdefghijklmnopqrstuvwxyz");

    /// <summary>failure-reason-code (RFC 8460 §4.3.3).</summary>
    public static string Reason(string text) => Clean(text, Token, MaxReason);

    /// <summary>receiving-mx-helo.</summary>
    public static string Helo(string text) => Clean(text, Token, MaxHelo);

    /// <summary>receiving-mx-hostname: a name from an MX record, which DNS lets hold anything.</summary>
    public static string MxHost(string text)
    {
        // RFC 5321 §4.1.2: a hyphen stands inside a label. One host named otherwise would make the whole report invalid to
        // receivers that check.
        var host = Clean(text, Host, MaxHelo);
        return string.Join('.', host.Split('.').Select(label =>
            label.StartsWith('-') || label.EndsWith('-') ? label.Replace('-', '_') : label));
    }

    /// <summary>Mail can go to this domain, so a report can too (RFC 5321 §4.1.2).</summary>
    public static bool IsPolicyDomain(string domain) =>
        domain.Length > 0 && !domain.AsSpan().ContainsAnyExcept(PolicyDomain);

    /// <summary>An address in the form of RFC 5952 §4, without zone; empty for none.</summary>
    public static string Address(IPAddress? address)
    {
        if (address is null)
        {
            return string.Empty;
        }

        // RFC 8460 §4.4: what was connected to is the IPv4 address inside, and a zone means nothing to others.
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return (address is { AddressFamily: System.Net.Sockets.AddressFamily.InterNetworkV6, ScopeId: not 0 }
            ? new IPAddress(address.GetAddressBytes())
            : address).ToString();
    }

    private static string Clean(string text, SearchValues<char> allowed, int length)
    {
        if (text.Length <= length && !text.AsSpan().ContainsAnyExcept(allowed))
        {
            return text;
        }

        return string.Create(Math.Min(text.Length, length), (text, allowed), static (clean, source) =>
        {
            for (var index = 0; index < clean.Length; index++)
            {
                clean[index] = source.allowed.Contains(source.text[index]) ? source.text[index] : '_';
            }
        });
    }
}
