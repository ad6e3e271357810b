using Relay.Queue;

namespace Relay.Reception.Spooling;

/// <summary>
/// The room that one message has on the disk: out of its client's share, and never out of what the queue keeps free to note deliveries.
/// Of the disk it is taken in steps, for each costs a look at it.
/// </summary>
internal sealed class SpooledOctets(SpoolShares shares, IDiskRoom disk, AddressBlock client)
{
    private const long Step = 1024 * 1024;

    private long _share;
    private long _ahead;

    /// <summary>Takes room for octets that are written next.</summary>
    public SpoolRoom Take(long octets)
    {
        if (!shares.TryTake(client, octets))
        {
            return SpoolRoom.ClientHasTooMuch;
        }

        _share += octets;
        var step = Math.Max(Step, octets);
        if (_ahead < octets && !disk.TryTake(step))
        {
            return SpoolRoom.DiskIsShort;
        }

        _ahead += _ahead < octets ? step : 0;
        return SpoolRoom.Taken;
    }

    /// <summary>They are written: the disk says so itself from now on.</summary>
    public void Written(long octets)
    {
        _ahead -= octets;
        disk.Release(octets);
    }

    /// <summary>Gives all of it back, once the file is gone.</summary>
    public void Return()
    {
        disk.Release(_ahead);
        if (_share > 0)
        {
            shares.Return(client, _share);
        }

        (_ahead, _share) = (0, 0);
    }
}
