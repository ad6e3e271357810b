using System.Text;
using Relay.Configuration;
using Relay.Mail;

namespace Relay.Submission;

/// <summary>
/// Which reverse-paths an account may use (RFC 6409 §6.1). Without any entry, all; with entries, what stands in those of the account, and
/// an account that has none may use none: what was forgotten is not allowed.
/// </summary>
internal sealed class SenderLogins
{
    private const string Any = "*";

    private readonly Dictionary<string, HashSet<string>> _allowed = new(StringComparer.Ordinal);

    public SenderLogins(IReadOnlyList<SenderLoginOptions>? entries)
    {
        foreach (var entry in entries ?? [])
        {
            if (CredentialText.TryReadName(entry.Login, out var login))
            {
                _allowed.TryAdd(login, []);
                _allowed[login].UnionWith((entry.Addresses ?? []).Select(address => TryRead(address, out var read) ? read : string.Empty));
            }
        }
    }

    /// <summary>Reads <c>user@example.com</c>, <c>@example.com</c> for every user there, or <c>*</c>.</summary>
    public static bool TryRead(string text, out string address)
    {
        var at = text.LastIndexOf('@');
        address = Any;
        if (at < 0 || !DomainName.TryParse(text[(at + 1)..], out var domain) || domain.IsRoot)
        {
            return text == Any;
        }

        address = Form(text[..at], domain.Value);
        return true;
    }

    /// <summary>Whether the user may send with this reverse-path.</summary>
    // RFC 8098 §3: read receipts have the null reverse-path; it claims to be nobody, so that everybody may use it.
    public bool Allows(string user, ReversePath path) =>
        _allowed.Count == 0
        || path.Mailbox is not { } mailbox
        || (_allowed.TryGetValue(user, out var allowed)
            && (allowed.Contains(Any) || IsListed(allowed, mailbox)));

    private static bool IsListed(HashSet<string> allowed, Mailbox mailbox)
    {
        var domain = mailbox.MailDomain.Key;
        return allowed.Contains(Form(string.Empty, domain)) || allowed.Contains(Form(mailbox.LocalPart, domain));
    }

    // RFC 5321 §2.4 has local parts differ by letter case; no two people of one organisation do.
    private static string Form(string localPart, string domain) =>
        $"{string.Concat(localPart.EnumerateRunes().Select(character => Lower(character).ToString()))}@{domain}";

    // Only letters that are each other's other case: the Kelvin sign has k for its lower case, and is another character.
    private static Rune Lower(Rune character) =>
        Rune.ToLowerInvariant(character) is var lower && Rune.ToUpperInvariant(lower) == character ? lower : character;
}
