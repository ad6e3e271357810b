namespace Relay.Delivery.Routing;

/// <summary>The fixed routes.</summary>
public sealed class RoutingOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Relay";

    /// <summary>The most specific one that fits a domain applies; of equal ones the first.</summary>
    public IReadOnlyList<RouteOptions> Routes { get; init; } = [];
}
