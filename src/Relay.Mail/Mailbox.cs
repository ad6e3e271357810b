using System.Diagnostics.CodeAnalysis;

namespace Relay.Mail;

/// <summary>
/// A mailbox as it stood in the path: nothing is folded, unquoted or mapped, for the local part belongs to its domain
/// alone (RFC 5321 §2.4).
/// </summary>
/// <param name="LocalPart">Local part, quotes included where it was quoted.</param>
/// <param name="Domain">Domain as given (A-labels or U-labels), or an address literal in its brackets; empty only for
/// <c>&lt;Postmaster&gt;</c> (RFC 5321 §4.5.1).</param>
public sealed record Mailbox(string LocalPart, string Domain)
{
    /// <summary>Domain as given; see <see cref="MailDomain"/> for what it means.</summary>
    public string Domain { get; } = Domain;

    /// <summary>The domain, read.</summary>
    public MailDomain MailDomain { get; } = MailDomain.Of(Domain);

    /// <summary>The domain is an address literal (RFC 5321 §4.1.3).</summary>
    public bool IsAddressLiteral => Domain.StartsWith('[');

    /// <summary>The mailbox cannot be written in ASCII (RFC 6531 §3.3).</summary>
    public bool IsInternationalized => !System.Text.Ascii.IsValid(LocalPart) || !System.Text.Ascii.IsValid(Domain);

    /// <summary>
    /// Reads a bare mailbox, local part and domain or address literal, as an SMTP server would inside angle brackets (RFC 5321
    /// §4.1.2). Takes any octets.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> text, [NotNullWhen(true)] out Mailbox? mailbox)
    {
        mailbox = null;
        if (text.Length > PathParser.MaxPathOctets || text is [(byte)'@', ..])
        {
            return false;
        }

        Span<byte> path = [(byte)'<', .. text, (byte)'>'];
        return PathParser.TryRead(path, out mailbox, out var rest) is null && rest.IsEmpty && mailbox is { Domain.Length: > 0 };
    }

    /// <summary>
    /// The same mailbox with its domain in A-labels, which every server takes (RFC 6531 §3.2); this one where the domain is ASCII, or has
    /// none.
    /// </summary>
    public Mailbox WithAsciiDomain() =>
        !System.Text.Ascii.IsValid(Domain) && !MailDomain.Name.IsRoot ? new Mailbox(LocalPart, MailDomain.Name.Value) : this;

    /// <summary>The mailbox without angle brackets.</summary>
    public override string ToString() => Domain.Length == 0 ? LocalPart : $"{LocalPart}@{Domain}";
}
