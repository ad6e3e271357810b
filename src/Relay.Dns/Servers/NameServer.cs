using System.Net;

namespace Relay.Dns.Servers;

/// <summary>One recursive server, with what is remembered of it.</summary>
internal sealed class NameServer(IPEndPoint address, bool isTrusted)
{
    // Long enough that a dead server does not cost its timeout at each lookup, short enough to notice its return.
    private static readonly TimeSpan AsideFor = TimeSpan.FromSeconds(30);

    private long _asideUntil = long.MinValue;

    public IPEndPoint Address => address;

    /// <summary>Its AD bit is believed.</summary>
    public bool IsTrusted => isTrusted;

    public bool IsAside(TimeProvider clock) => clock.GetTimestamp() < Volatile.Read(ref _asideUntil);

    /// <summary>Lets the others go first for a while; false when they already do.</summary>
    public bool SetAside(TimeProvider clock)
    {
        var wasAside = IsAside(clock);
        Volatile.Write(
            ref _asideUntil, clock.GetTimestamp() + (long)(AsideFor.TotalSeconds * clock.TimestampFrequency));
        return !wasAside;
    }

    public void Restore() => Volatile.Write(ref _asideUntil, long.MinValue);
}
