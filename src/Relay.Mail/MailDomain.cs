using System.Net;

namespace Relay.Mail;

/// <summary>
/// What stands behind the @ of a mailbox, read once where it comes in: a domain name, or an address literal in its brackets (RFC 5321
/// §4.1.2, §4.1.3). The default value is neither, and mail goes nowhere for it.
/// </summary>
public readonly record struct MailDomain
{
    private readonly string? _key;

    private MailDomain(string key, DomainName name, IPAddress? literal)
    {
        _key = key;
        Name = name;
        Literal = literal;
    }

    /// <summary>The name as DNS and policies compare it (RFC 6531 §3.2: A-labels); the root for an address literal and for what is no domain.</summary>
    public DomainName Name { get; }

    /// <summary>The address of a literal; null for a name and for what is no domain.</summary>
    public IPAddress? Literal { get; }

    /// <summary>Mail can go there, if it exists.</summary>
    public bool IsValid => !Name.IsRoot || Literal is not null;

    /// <summary>
    /// Equal for all spellings of one domain: the A-labels in lower case, a literal in lower case, and likewise what is no domain, which
    /// the router refuses.
    /// </summary>
    public string Key => _key ?? string.Empty;

    /// <summary>Reads the text; never fails, see <see cref="IsValid"/>.</summary>
    public static MailDomain Of(string text)
    {
        if (text.StartsWith('['))
        {
            return new(text.ToLowerInvariant(), DomainName.Root, AddressLiteral.TryParse(text, out var address) ? address : null);
        }

        return DomainName.TryParse(text, out var name) && !name.IsRoot
            ? new(name.Value, name, literal: null)
            : new(text.ToLowerInvariant(), DomainName.Root, literal: null);
    }

    /// <summary>A name that was read before.</summary>
    public static MailDomain Of(DomainName name) => new(name.Value, name, literal: null);

    /// <inheritdoc/>
    public bool Equals(MailDomain other) => string.Equals(Key, other.Key, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override int GetHashCode() => Key.GetHashCode(StringComparison.Ordinal);

    /// <summary>The key.</summary>
    public override string ToString() => Key;
}
