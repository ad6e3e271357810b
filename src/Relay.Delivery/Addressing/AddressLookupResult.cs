using System.Net;

namespace Relay.Delivery.Addressing;

/// <summary>The addresses of a host, or why there are none.</summary>
internal readonly record struct AddressLookupResult
{
    private readonly IReadOnlyList<IPAddress>? _addresses;

    public AddressLookupResult(IReadOnlyList<IPAddress> addresses) => _addresses = addresses;

    public AddressLookupResult(DeliveryFailure failure) => Failure = failure;

    /// <summary>Empty when there is a failure.</summary>
    public IReadOnlyList<IPAddress> Addresses => _addresses ?? [];

    public DeliveryFailure? Failure { get; }
}
