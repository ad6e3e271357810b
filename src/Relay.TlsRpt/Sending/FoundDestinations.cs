using Relay.TlsRpt.Records;

namespace Relay.TlsRpt.Sending;

/// <summary>Where a domain's reports go.</summary>
/// <param name="Detail">For people; empty when there is nothing to say.</param>
internal abstract record FoundDestinations(string Detail)
{
    /// <summary>DNS does not say.</summary>
    public sealed record Silence(string Detail) : FoundDestinations(Detail);

    /// <summary>Nowhere: nobody asked.</summary>
    public sealed record Nowhere(string Detail) : FoundDestinations(Detail);

    /// <summary>The domain asks.</summary>
    public sealed record Places(
        IReadOnlyList<TlsRptDestination> Used, IReadOnlyList<UnusedDestination> Unused, string Detail) : FoundDestinations(Detail);
}
