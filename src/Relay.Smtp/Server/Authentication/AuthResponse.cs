using System.Buffers;
using System.Buffers.Text;

namespace Relay.Smtp.Server.Authentication;

/// <summary>A client's line in an AUTH exchange: a response decoded, or why there is none.</summary>
/// <param name="Kind">Which it is.</param>
/// <param name="Octets">What was decoded; whoever has it clears it.</param>
internal readonly record struct AuthResponse(AuthResponseKind Kind, byte[] Octets)
{
    /// <summary>RFC 4954 §4: the longest line of an exchange that has to be taken, with its CRLF.</summary>
    public const int MaxLineOctets = 12288;

    private static readonly SearchValues<byte> Alphabet =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="u8);

    /// <summary>A line that was longer than we take.</summary>
    public static AuthResponse TooLong { get; } = new(AuthResponseKind.TooLong, []);

    /// <summary>Reads a line that answers a challenge, without its CRLF. Any octets may come in.</summary>
    public static AuthResponse Read(in ReadOnlySequence<byte> line)
    {
        if (line.IsSingleSegment)
        {
            return Read(line.FirstSpan);
        }

        var copy = line.ToArray();
        var response = Read(copy);
        Array.Clear(copy);
        return response;
    }

    /// <summary>Reads the initial response in the AUTH command itself.</summary>
    // RFC 4954 §4: a single "=" is the empty initial response, for nothing at all would mean that there is none.
    public static AuthResponse ReadInitial(ReadOnlySpan<byte> text) => text is [(byte)'='] ? Decode([]) : Decode(text);

    // RFC 4954 §4: a single asterisk cancels.
    private static AuthResponse Read(ReadOnlySpan<byte> line) =>
        line is [(byte)'*'] ? new AuthResponse(AuthResponseKind.Cancelled, []) : Decode(line);

    // RFC 4954 §4: whatever is not in the alphabet is refused; the library would pass over white space.
    private static AuthResponse Decode(ReadOnlySpan<byte> text)
    {
        var octets = new byte[Base64.GetMaxDecodedFromUtf8Length(text.Length)];
        if (text.ContainsAnyExcept(Alphabet)
            || Base64.DecodeFromUtf8(text, octets, out _, out var written) != OperationStatus.Done)
        {
            Array.Clear(octets);
            return new AuthResponse(AuthResponseKind.NotBase64, []);
        }

        var exact = octets[..written];
        Array.Clear(octets);
        return new AuthResponse(AuthResponseKind.Decoded, exact);
    }
}
