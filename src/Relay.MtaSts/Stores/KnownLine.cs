using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Relay.MtaSts.Stores;

/// <summary>
/// A line of the file of known policies: a sign, a word, a number, and a sum over them, so that a damaged line is known as one.
/// </summary>
/// <param name="Sign">What the line says.</param>
/// <param name="Number">Seconds since 1970, or the file's version.</param>
internal readonly record struct KnownLine(char Sign, uint Number)
{
    /// <summary>The first line: the file's identity and version.</summary>
    public const char Header = '=';

    /// <summary>A domain has a policy until then.</summary>
    public const char Known = '+';

    /// <summary>A domain has no policy that must be remembered.</summary>
    public const char Forgotten = '-';

    /// <summary>Policies were lost then.</summary>
    public const char Loss = '!';

    /// <summary>The version of the file that this program reads and writes.</summary>
    public const uint Version = 1;

    /// <summary>In the first line: no store holds all that the file names.</summary>
    public const string NoIdentity = "none";

    /// <summary>A domain name has 253 octets at most (RFC 1035 §2.3.4).</summary>
    public const int MaxOctets = 300;

    private const int SumOctets = 8;

    /// <summary>The line with its end.</summary>
    public static byte[] Format(char sign, string word, uint number)
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{sign} {word} {number} ");
        return Encoding.ASCII.GetBytes($"{text}{Sum(Encoding.ASCII.GetBytes(text))}\n");
    }

    /// <summary>Reads a line without its end; false when it is damaged.</summary>
    public static bool TryParse(ReadOnlySpan<byte> octets, out KnownLine line, out ReadOnlySpan<byte> word)
    {
        line = default;
        word = default;
        if (octets.Length is < SumOctets + 6 or > MaxOctets || octets[1] != ' ')
        {
            return false;
        }

        var text = octets[..^SumOctets];
        if (text[^1] != ' ' || !octets[^SumOctets..].SequenceEqual(Encoding.ASCII.GetBytes(Sum(text))))
        {
            return false;
        }

        var fields = text[2..^1];
        var space = fields.LastIndexOf((byte)' ');
        if (space <= 0 || !Utf8Parser.TryParse(fields[(space + 1)..], out uint number, out var read) || read != fields.Length - space - 1)
        {
            return false;
        }

        line = new KnownLine((char)octets[0], number);
        word = fields[..space];
        return true;
    }

    private static string Sum(ReadOnlySpan<byte> text)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, hash);
        return Convert.ToHexStringLower(hash[..(SumOctets / 2)]);
    }
}
