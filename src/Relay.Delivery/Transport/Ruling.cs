namespace Relay.Delivery.Transport;

/// <summary>What follows from a reply or a fault for one recipient.</summary>
internal abstract record Ruling
{
    private Ruling()
    {
    }

    /// <summary>It is settled.</summary>
    public sealed record Settle(DeliveryOutcome Outcome) : Ruling;

    /// <summary>This address is of no use now; the next address or host may be.</summary>
    public sealed record TryNextAddress(DeliveryFailure Failure) : Ruling;

    /// <summary>This host has spoken; the next host may say otherwise.</summary>
    public sealed record TryNextHost(DeliveryFailure Failure) : Ruling;

    /// <summary>Too many recipients at once; to be sent again in the same session.</summary>
    public sealed record SendAgain(DeliveryFailure Failure) : Ruling;
}
