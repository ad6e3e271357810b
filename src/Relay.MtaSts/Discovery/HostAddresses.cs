using System.Net;

namespace Relay.MtaSts.Discovery;

/// <summary>Where a policy host can be reached, or why nowhere.</summary>
internal abstract record HostAddresses
{
    private HostAddresses()
    {
    }

    /// <summary>Addresses in the order of trial; at least one.</summary>
    public sealed record Found(IReadOnlyList<IPAddress> Addresses) : HostAddresses;

    /// <summary>None; <paramref name="Failure"/> says why.</summary>
    public sealed record None(PolicyFailure Failure) : HostAddresses;
}
