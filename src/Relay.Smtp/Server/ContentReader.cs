namespace Relay.Smtp.Server;

/// <summary>Carries the octets of a message from the wire to its receiver.</summary>
internal static class ContentReader
{
    /// <summary>Reads DATA to its end, or until the message is hopeless.</summary>
    public static async ValueTask<WireEnd> ReadDataAsync(Wire wire, MessageReceiver receiver)
    {
        while (!receiver.IsEnded && !receiver.IsHopeless)
        {
            var read = await receiver.Pace.ReadAsync(wire);
            if (read.End != WireEnd.None)
            {
                return read.End;
            }

            var length = read.Buffer.Length;
            var consumed = await receiver.TakeAsync(read.Buffer);
            receiver.Pace.Took(length);
            wire.AdvanceTo(consumed, consumed);
            if (read.IsLast && !receiver.IsEnded)
            {
                return WireEnd.Closed;
            }
        }

        return WireEnd.None;
    }

    /// <summary>
    /// Reads one chunk of BDAT. RFC 3030 §2: its octets are taken off the wire whatever becomes of the command; without
    /// a receiver they are dropped.
    /// </summary>
    public static async ValueTask<WireEnd> ReadChunkAsync(
        Wire wire, MessageReceiver? receiver, long octets, Pace pace)
    {
        while (octets > 0)
        {
            var read = await pace.ReadAsync(wire);
            if (read.End != WireEnd.None)
            {
                return read.End;
            }

            var part = read.Buffer.Slice(0, Math.Min(octets, read.Buffer.Length));
            octets -= part.Length;
            pace.Took(part.Length);
            var consumed = receiver is null ? part.End : await receiver.TakeAsync(part);
            wire.AdvanceTo(consumed, consumed);
            if (read.IsLast && octets > 0)
            {
                return WireEnd.Closed;
            }
        }

        return WireEnd.None;
    }
}
