using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Relay.Submission;

/// <summary>
/// Prepares user names and passwords for comparison, the same way when an account is made and when a client authenticates.
/// </summary>
// RFC 4616 §2, departure: SASLprep (RFC 4013) knows no character younger than Unicode 3.2; its successor, RFC 8265, is
// followed instead, with names as in §3.3 (letter case does not count) and passwords as in §4.2, except that what no keyboard
// types (format characters, private use) is refused in both rather than looked up in tables.
internal static class CredentialText
{
    /// <summary>Octets of a name.</summary>
    public const int MaxNameOctets = 255;

    /// <summary>Octets of a password.</summary>
    public const int MaxPasswordOctets = 1024;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a name: no spaces or controls, and no number sign in front, which begins a comment in the file.</summary>
    public static bool TryReadName(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out string? name)
    {
        name = null;
        if (octets.Length is 0 or > MaxNameOctets || octets[0] == (byte)'#' || !System.Text.Unicode.Utf8.IsValid(octets))
        {
            return false;
        }

        // Before the mapping, which throws at what is no character.
        var text = Utf8.GetString(octets);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsRefused(rune) || Rune.IsWhiteSpace(rune))
            {
                return false;
            }
        }

        // RFC 8265 §3.3.2: lower case first, then NFC, which can bring a capital letter back and make a name longer. A name
        // that is not its own prepared form would not be found again in the file of accounts.
        var mapped = Map(Map(text));
        if (Map(mapped) != mapped || Utf8.GetByteCount(mapped) > MaxNameOctets)
        {
            return false;
        }

        name = mapped;
        return true;
    }

    /// <summary>Reads a name that was typed as text.</summary>
    public static bool TryReadName(string text, [NotNullWhen(true)] out string? name) =>
        TryReadName(Encoding.UTF8.GetBytes(text), out name);

    /// <summary>Reads a password; the caller clears what it gets.</summary>
    public static bool TryReadPassword(ReadOnlySpan<byte> octets, [NotNullWhen(true)] out byte[]? password)
    {
        password = null;
        if (octets.Length is 0 or > MaxPasswordOctets || !System.Text.Unicode.Utf8.IsValid(octets))
        {
            return false;
        }

        if (!octets.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            password = octets.ToArray();
            return true;
        }

        // Arrays instead of strings, for they can be cleared.
        var letters = new char[octets.Length];
        var normal = new char[octets.Length * 3];
        try
        {
            var count = Utf8.GetChars(octets, letters);
            if (!TryMap(letters.AsSpan(0, count))
                || !letters.AsSpan(0, count).TryNormalize(normal, out var length, NormalizationForm.FormC))
            {
                return false;
            }

            password = Utf8.GetBytes(normal, 0, length);
            return true;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(letters.AsSpan()));
            CryptographicOperations.ZeroMemory(System.Runtime.InteropServices.MemoryMarshal.AsBytes(normal.AsSpan()));
        }
    }

    private static string Map(string text) => text.ToLowerInvariant().Normalize(NormalizationForm.FormC);

    // RFC 8265 §4.2.2: every space becomes the one of ASCII. All spaces lie in the basic plane.
    private static bool TryMap(Span<char> text)
    {
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsRefused(rune))
            {
                return false;
            }
        }

        foreach (ref var character in text)
        {
            character = char.GetUnicodeCategory(character) == UnicodeCategory.SpaceSeparator ? ' ' : character;
        }

        return true;
    }

    private static bool IsRefused(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.LineSeparator
        or UnicodeCategory.ParagraphSeparator or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned;
}
