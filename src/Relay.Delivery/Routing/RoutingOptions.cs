namespace Relay.Delivery.Routing;

/// <summary>The fixed routes.</summary>
public sealed class RoutingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Relay";

    /// <summary>The most specific one that fits a domain applies; of equal ones the first.</summary>
    public IReadOnlyList<RouteOptions> Routes { get; init; } = [];

    /// <summary>
    /// Mail for <c>user@[192.0.2.1]</c> goes to that address (RFC 5321 §4.1.3). Where a next hop takes the mail of every domain it takes
    /// theirs too, whatever stands here.
    /// </summary>
    public bool AllowAddressLiterals { get; init; }
}
