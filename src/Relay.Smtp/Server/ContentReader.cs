namespace Relay.Smtp.Server;

/// <summary>Carries the octets of a message from the wire to its receiver.</summary>
internal static class ContentReader
{
    /// <summary>Reads DATA to its end, or until the message is hopeless.</summary>
    public static async ValueTask<WireEnd> ReadDataAsync(Wire wire, MessageReceiver receiver, TimeSpan limit)
    {
        while (!receiver.IsEnded && !receiver.IsHopeless)
        {
            var read = await wire.ReadAsync(limit, yields: false);
            if (read.End != WireEnd.None)
            {
                return read.End;
            }

            var consumed = await receiver.TakeAsync(read.Buffer);
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
        Wire wire, MessageReceiver? receiver, long octets, TimeSpan limit)
    {
        while (octets > 0)
        {
            var read = await wire.ReadAsync(limit, yields: false);
            if (read.End != WireEnd.None)
            {
                return read.End;
            }

            var part = read.Buffer.Slice(0, Math.Min(octets, read.Buffer.Length));
            octets -= part.Length;
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
