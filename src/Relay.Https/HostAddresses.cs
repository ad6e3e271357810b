using System.Net;

namespace Relay.Https;

/// <summary>Where a web host can be reached, or why nowhere.</summary>
public abstract record HostAddresses
{
    private HostAddresses()
    {
    }

    /// <summary>Addresses in the order of trial; at least one.</summary>
    public sealed record Found(IReadOnlyList<IPAddress> Addresses) : HostAddresses;

    /// <summary>None.</summary>
    /// <param name="Reason"><c>not-found</c>, <c>temporary-dns-failure</c> or <c>private-address</c>.</param>
    /// <param name="Detail">For people, one line.</param>
    public sealed record None(string Reason, string Detail) : HostAddresses
    {
        /// <summary>The reason of a host inside somebody's network.</summary>
        public const string PrivateAddress = "private-address";
    }
}
