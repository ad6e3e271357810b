namespace Relay.Smtp.Client;

/// <summary>
/// Doubles the dot at the start of each line (RFC 5321 §4.5.2), over content that comes in pieces. A line starts at the
/// start of the content and behind CRLF, nowhere else.
/// </summary>
internal sealed class DotStuffer
{
    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    private bool _atLineStart = true;
    private bool _afterCarriageReturn;

    /// <summary>The content so far is empty or ends in CRLF.</summary>
    public bool IsAtLineStart => _atLineStart;

    /// <summary>
    /// Copies as much as fits. False when there is a CR or LF alone, which must never leave (RFC 5321 §2.3.8: the next
    /// server might take it for a line end, and a part of the message for commands).
    /// </summary>
    public bool TryCopy(ReadOnlySpan<byte> source, Span<byte> target, out int consumed, out int written)
    {
        consumed = 0;
        written = 0;
        while (consumed < source.Length && written < target.Length)
        {
            if (_afterCarriageReturn)
            {
                if (source[consumed] != LineFeed)
                {
                    return false;
                }

                Put(LineFeed, target, ref written, ref consumed);
                (_afterCarriageReturn, _atLineStart) = (false, true);
                continue;
            }

            if (_atLineStart && source[consumed] == '.')
            {
                if (target.Length - written < 2)
                {
                    return true;
                }

                target[written++] = (byte)'.';
                Put((byte)'.', target, ref written, ref consumed);
                _atLineStart = false;
                continue;
            }

            if (!TryCopyLine(source, target, ref consumed, ref written))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>False when the content ended in CR.</summary>
    public bool TryEnd() => !_afterCarriageReturn;

    private bool TryCopyLine(ReadOnlySpan<byte> source, Span<byte> target, ref int consumed, ref int written)
    {
        var room = Math.Min(source.Length - consumed, target.Length - written);
        var line = source.Slice(consumed, room);
        var end = line.IndexOfAny(CarriageReturn, LineFeed);
        if (end >= 0 && line[end] == LineFeed)
        {
            return false;
        }

        var length = end < 0 ? room : end + 1;
        line[..length].CopyTo(target[written..]);
        consumed += length;
        written += length;
        _afterCarriageReturn = end >= 0;
        _atLineStart = false;
        return true;
    }

    private static void Put(byte octet, Span<byte> target, ref int written, ref int consumed)
    {
        target[written++] = octet;
        consumed++;
    }
}
