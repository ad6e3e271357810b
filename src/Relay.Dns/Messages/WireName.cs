namespace Relay.Dns.Messages;

/// <summary>Reads domain names out of messages, compression undone.</summary>
internal static class WireName
{
    /// <summary>
    /// The longest name in text: 255 octets on the wire less the root's and the first label's length.
    /// </summary>
    public const int MaxTextLength = 253;

    private const int MaxWireLength = 255;

    // RFC 1035 §4.1.4: a pointer follows a label or opens the name, so an honest name of 127 labels has at most as
    // many.
    private const int MaxPointers = 127;

    /// <summary>
    /// Reads the name at <paramref name="offset"/> into <paramref name="text"/>, lower case with dots, and moves the
    /// offset behind it. False when the name breaks the format. <paramref name="length"/> is -1 when the name is sound
    /// but holds octets that no name of ours has.
    /// </summary>
    public static bool TryRead(ReadOnlySpan<byte> message, ref int offset, Span<char> text, out int length)
    {
        length = 0;
        var at = offset;
        var segmentStart = offset;
        var wireLength = 0;
        var pointers = 0;
        var usable = true;
        var jumped = false;
        while (at < message.Length)
        {
            int size = message[at];
            if (size == 0)
            {
                offset = jumped ? offset : at + 1;
                length = usable ? length : -1;
                return wireLength + 1 <= MaxWireLength;
            }

            if (size >= 0xC0)
            {
                // RFC 1035 §4.1.4: a pointer leads to a prior occurrence. Each must lead further back than where the
                // present labels began, and not into the header, so that no chain of pointers can close a loop.
                var target = at + 1 < message.Length ? ((size & 0x3F) << 8) | message[at + 1] : int.MaxValue;
                if (target >= segmentStart || target < 12 || ++pointers > MaxPointers)
                {
                    return false;
                }

                offset = jumped ? offset : at + 2;
                jumped = true;
                segmentStart = at = target;
                continue;
            }

            // RFC 1035 §2.3.4: labels of at most 63 octets (RFC 6891 §5: the other two label types are gone), names of
            // at most 255.
            wireLength += 1 + size;
            if (size > 63 || wireLength >= MaxWireLength || at + 1 + size > message.Length)
            {
                return false;
            }

            usable &= AppendLabel(message.Slice(at + 1, size), text, ref length);
            at += 1 + size;
        }

        return false;
    }

    /// <summary>Moves the offset behind the name, whatever the name is; false when it breaks the format.</summary>
    public static bool TrySkip(ReadOnlySpan<byte> message, ref int offset)
    {
        Span<char> text = stackalloc char[MaxTextLength];
        return TryRead(message, ref offset, text, out _);
    }

    // RFC 2181 §11: a label may hold any octet. A dot in one is not a separator, and blanks and controls are in no mail
    // host's name; written as text such a name would be another one, so it is told apart here.
    private static bool AppendLabel(ReadOnlySpan<byte> label, Span<char> text, ref int length)
    {
        if (length > 0)
        {
            text[length++] = '.';
        }

        var usable = true;
        foreach (var octet in label)
        {
            usable &= octet is > (byte)' ' and < 0x7F and not (byte)'.';
            text[length++] = octet is >= (byte)'A' and <= (byte)'Z' ? (char)(octet | 0x20) : (char)octet;
        }

        return usable;
    }
}
