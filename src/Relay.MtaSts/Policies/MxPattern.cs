using System.Buffers;
using System.Text;
using Relay.Mail;

namespace Relay.MtaSts.Policies;

/// <summary>
/// One <c>mx</c> value of a policy: a host name, or <c>*.</c> and a domain, kept in lower case. The default value
/// matches nothing.
/// </summary>
public readonly record struct MxPattern
{
    private const int MaxNameLength = 253;
    private const int MaxLabelLength = 63;

    private static readonly SearchValues<byte> LetterDigitHyphen =
        SearchValues.Create("-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"u8);

    private readonly string? _text;

    // RFC 5321 §2.3.5, §5.1: an MX record names a host, and no top-level domain is numeric. Such a pattern fits the grammar, which
    // knows letters and digits alone, but no host's name.
    private readonly bool _namesHosts;

    private MxPattern(string text)
    {
        _text = text;
        _namesHosts = text.AsSpan(text.LastIndexOf('.') + 1).ContainsAnyExceptInRange('0', '9');
    }

    /// <summary>The pattern in lower case, as it stands in reports; empty for the default value.</summary>
    public string Text => _text ?? string.Empty;

    /// <summary>The left-most label is a wildcard.</summary>
    public bool IsWildcard => Text.StartsWith("*.", StringComparison.Ordinal);

    /// <summary>
    /// Reads one value. False unless it is a domain name of letters, digits and hyphens, with at most the whole
    /// left-most label a wildcard. An IPv4 address fits that grammar (RFC 5321 §4.1.2) and then matches nothing.
    /// </summary>
    public static bool TryParse(ReadOnlySpan<byte> value, out MxPattern pattern)
    {
        pattern = default;

        // RFC 8461 §4.1: the wildcard is the complete left-most label; anywhere else the asterisk is not in the
        // grammar.
        var name = value.StartsWith("*."u8) ? value[2..] : value;
        if (!IsHostName(name))
        {
            return false;
        }

        pattern = new MxPattern(string.Create(value.Length, value, static (text, octets) =>
            Ascii.ToLower(octets, text, out _)));
        return true;
    }

    /// <summary>The host is the one named, or has exactly one label in place of the wildcard (RFC 8461 §4.1).</summary>
    /// <param name="host">The name from the MX record, not an alias's target.</param>
    public bool Matches(DomainName host)
    {
        if (_text is null || !_namesHosts || host.IsRoot)
        {
            return false;
        }

        if (!IsWildcard)
        {
            return string.Equals(_text, host.Value, StringComparison.Ordinal);
        }

        // RFC 8461 §4.1: "*.example.com" covers "mail.example.com", neither "example.com" nor "a.mail.example.com".
        var firstDot = host.Value.IndexOf('.', StringComparison.Ordinal);
        return firstDot > 0 && host.Value.AsSpan(firstDot).SequenceEqual(_text.AsSpan(1));
    }

    /// <inheritdoc/>
    public override string ToString() => Text;

    private static bool IsHostName(ReadOnlySpan<byte> name)
    {
        if (name.IsEmpty || name.Length > MaxNameLength)
        {
            return false;
        }

        foreach (var range in name.Split((byte)'.'))
        {
            if (!IsLabel(name[range]))
            {
                return false;
            }
        }

        return true;
    }

    // RFC 8461 §3.2: names are A-labels, so letters, digits and inner hyphens are all there is (RFC 5890 §2.3.1).
    private static bool IsLabel(ReadOnlySpan<byte> label) =>
        label.Length is > 0 and <= MaxLabelLength
        && !label.ContainsAnyExcept(LetterDigitHyphen)
        && label[0] != (byte)'-'
        && label[^1] != (byte)'-';
}
