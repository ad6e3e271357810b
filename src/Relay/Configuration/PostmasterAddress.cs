using System.Buffers;
using Relay.Mail;

namespace Relay.Configuration;

/// <summary>
/// Where mail to <c>&lt;Postmaster&gt;</c> goes (RFC 5321 §4.5.1: every relay takes it, without a domain and in any
/// case).
/// </summary>
internal static class PostmasterAddress
{
    private static readonly SearchValues<char> NeedsQuotes = SearchValues.Create(" \"<>@\\");

    /// <summary>Reads a mailbox with a plain local part.</summary>
    public static bool TryParse(string text, out Mailbox mailbox)
    {
        var at = text.LastIndexOf('@');
        mailbox = new Mailbox(at > 0 ? text[..at] : text, at > 0 ? text[(at + 1)..] : string.Empty);
        return at > 0
            && !mailbox.LocalPart.AsSpan().ContainsAny(NeedsQuotes)
            && DomainName.TryParse(mailbox.Domain, out var domain)
            && !domain.IsRoot;
    }

    /// <summary>The configured mailbox, or postmaster at the relay's own name.</summary>
    public static Mailbox From(RelayOptions options) =>
        options.Postmaster is { } text && TryParse(text, out var mailbox)
            ? mailbox
            : new Mailbox("postmaster", options.HostName);
}
