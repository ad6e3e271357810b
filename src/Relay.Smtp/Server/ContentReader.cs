namespace Relay.Smtp.Server;

/// <summary>Carries the octets of a message from the wire to its receiver.</summary>
internal static class ContentReader
{
    /// <summary>Reads DATA to its end, or until the message is hopeless.</summary>
    public static async ValueTask<CloseReason> ReadDataAsync(ServerConnection wire, MessageReceiver receiver)
    {
        while (!receiver.IsEnded && !receiver.IsHopeless)
        {
            var read = await receiver.MinimumRate.ReadAsync(wire);
            if (read.End != CloseReason.None)
            {
                return read.End;
            }

            var length = read.Buffer.Length;
            var consumed = await receiver.TakeAsync(read.Buffer);
            receiver.MinimumRate.Took(length);
            wire.AdvanceTo(consumed, consumed);
            if (read.IsLast && !receiver.IsEnded)
            {
                return CloseReason.Closed;
            }
        }

        return CloseReason.None;
    }

    /// <summary>
    /// Reads one chunk of BDAT. RFC 3030 §2: its octets are taken off the wire whatever becomes of the command; without
    /// a receiver they are dropped.
    /// </summary>
    public static async ValueTask<CloseReason> ReadChunkAsync(
        ServerConnection wire, MessageReceiver? receiver, long octets, MinimumRate minimumRate)
    {
        while (octets > 0)
        {
            var read = await minimumRate.ReadAsync(wire);
            if (read.End != CloseReason.None)
            {
                return read.End;
            }

            var part = read.Buffer.Slice(0, Math.Min(octets, read.Buffer.Length));
            octets -= part.Length;
            minimumRate.Took(part.Length);
            var consumed = receiver is null ? part.End : await receiver.TakeAsync(part);
            wire.AdvanceTo(consumed, consumed);
            if (read.IsLast && octets > 0)
            {
                return CloseReason.Closed;
            }
        }

        return CloseReason.None;
    }
}
