using System.Buffers;
using System.Globalization;

namespace Relay.Mail;

/// <summary>
/// A domain name as DNS and policies compare it: lower-case A-labels, no trailing dot, at most 253 characters in labels
/// of 1 to 63 (RFC 1035 §2.3.4). A name that was read from text is made of letters, digits, hyphens and underscores
/// (<c>_mta-sts.example.com</c>), so that it can stand in a path, a URI or a file's name; one that came from DNS may hold anything
/// (RFC 2181 §11). The default value is the root.
/// </summary>
public readonly record struct DomainName
{
    private const int MaxLength = 253;
    private const int MaxLabelLength = 63;

    // Composition shortens: a letter and its marks are several characters before the mapping, and one after it.
    private const int MaxTextLength = 4 * MaxLength;

    private static readonly SearchValues<char> LabelCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_");

    // RFC 3490 §3.1: what a user may type for the full stop between two labels.
    private static readonly SearchValues<char> FullStops = SearchValues.Create(".\u3002\uFF0E\uFF61");

    // RFC 5891 §4: U-labels are mapped and encoded; STD3 rules stay off because service names begin with an underscore, and what they
    // are for is done here.
    private static readonly IdnMapping Idn = new() { AllowUnassigned = true, UseStd3AsciiRules = false };

    private readonly string? _value;

    private DomainName(string value) => _value = value;

    /// <summary>The root of the name space, which a null MX names (RFC 7505 §3).</summary>
    public static DomainName Root => default;

    /// <summary>The name in lower-case A-labels without a trailing dot; empty for the root.</summary>
    public string Value => _value ?? string.Empty;

    /// <summary>True for the root.</summary>
    public bool IsRoot => string.IsNullOrEmpty(_value);

    /// <summary>
    /// Reads a name in any case, with U-labels or A-labels, with or without a trailing dot. False for a name that DNS
    /// cannot carry; "." and "" are the root.
    /// </summary>
    public static bool TryParse(string? text, out DomainName name)
    {
        name = default;
        if (text is null)
        {
            return false;
        }

        if (text.Length > MaxTextLength || !TryMapToAscii(text, out var ascii))
        {
            return false;
        }

        // After the mapping, which turns the other scripts' full stops into this one (RFC 5895 §2).
        var relative = ascii.EndsWith('.') ? ascii[..^1] : ascii;
        if (relative.Length == 0)
        {
            return true;
        }

        if (relative.Length > MaxLength || !LabelsAreValid(relative))
        {
            return false;
        }

        name = new DomainName(relative);
        return true;
    }

    /// <summary>
    /// The name with one label put in front, as <c>_mta-sts</c> before a policy domain; false when it gets too long.
    /// </summary>
    public bool TryPrepend(string label, out DomainName name) =>
        TryParse(IsRoot ? label : $"{label}.{Value}", out name);

    /// <summary>
    /// Whether the name is <paramref name="ancestor"/> or below it, label by label; everything is below the root.
    /// </summary>
    public bool IsWithin(DomainName ancestor) =>
        ancestor.IsRoot
        || this == ancestor
        || (Value.EndsWith(ancestor.Value, StringComparison.Ordinal) && Value[^(ancestor.Value.Length + 1)] == '.');

    /// <summary>
    /// The name that a message spells so: lower case, labels and lengths checked by the one who read it.
    /// </summary>
    public static DomainName FromWire(ReadOnlySpan<char> text) =>
        text.IsEmpty ? Root : new DomainName(text.ToString());

    /// <inheritdoc/>
    public override string ToString() => IsRoot ? "." : Value;

    private static bool TryMapToAscii(string text, out string ascii)
    {
        if (System.Text.Ascii.IsValid(text))
        {
            ascii = text.ToLowerInvariant();
            return true;
        }

        try
        {
            ascii = Idn.GetAscii(text).ToLowerInvariant();

            // RFC 5891 §4.2.3: the grammar saw the characters before the mapping, which also makes full stops of others (a leader, a number
            // with its stop) and hyphens that no label may begin or end with. A delimiter counts where it was written, or not at all.
            return CountFullStops(ascii) == CountFullStops(text) && !ascii.Split('.').Any(HasOuterHyphen);
        }
        catch (ArgumentException)
        {
            // IdnMapping has no Try form; a name it cannot map is bad input, not a fault of ours.
            ascii = string.Empty;
            return false;
        }
    }

    private static int CountFullStops(string text) => text.Count(FullStops.Contains);

    private static bool HasOuterHyphen(string label) => label.StartsWith('-') || label.EndsWith('-');

    private static bool LabelsAreValid(string ascii)
    {
        foreach (var range in ascii.AsSpan().Split('.'))
        {
            var label = ascii.AsSpan(range);
            if (label.IsEmpty || label.Length > MaxLabelLength || label.ContainsAnyExcept(LabelCharacters))
            {
                return false;
            }
        }

        return true;
    }
}
