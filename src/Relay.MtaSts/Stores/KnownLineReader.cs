namespace Relay.MtaSts.Stores;

/// <summary>Reads the file of known policies line by line, in bounded memory, whatever stands in it.</summary>
internal static class KnownLineReader
{
    private const int BufferOctets = 64 * 1024;

    /// <summary>Gets a line that is whole.</summary>
    /// <param name="line">What it says.</param>
    /// <param name="word">Its word; lives as long as the call.</param>
    /// <param name="at">Where it begins.</param>
    /// <returns>False ends the reading.</returns>
    internal delegate bool Visit(in KnownLine line, ReadOnlySpan<byte> word, long at);

    /// <summary>Reads all lines; returns how many were damaged. A last line without its end is none yet.</summary>
    public static int Read(Stream file, Visit visit)
    {
        var (buffer, held, start, damaged) = (new byte[BufferOctets], 0, 0L, 0);
        var isTooLong = false;
        while (file.Read(buffer.AsSpan(held)) is var read and > 0)
        {
            held += read;
            var rest = buffer.AsSpan(0, held);
            while (rest.IndexOf((byte)'\n') is var end and >= 0)
            {
                if (isTooLong || !KnownLine.TryParse(rest[..end], out var line, out var word))
                {
                    damaged++;
                }
                else if (!visit(line, word, start))
                {
                    return damaged;
                }

                isTooLong = false;
                start += end + 1;
                rest = rest[(end + 1)..];
            }

            if (rest.Length > KnownLine.MaxOctets)
            {
                // No line of ours: what comes until its end is passed over.
                isTooLong = true;
                start += rest.Length;
                rest = default;
            }

            rest.CopyTo(buffer);
            held = rest.Length;
        }

        return damaged + (isTooLong ? 1 : 0);
    }
}
