namespace Relay.Delivery.Transport;

/// <summary>What follows from a reply or a fault for one recipient.</summary>
internal abstract record NextStep
{
    private NextStep()
    {
    }

    /// <summary>It is settled.</summary>
    public sealed record Settle(DeliveryOutcome Outcome) : NextStep;

    /// <summary>This address is of no use now; the next address or host may be.</summary>
    public sealed record TryNextAddress(DeliveryFailure Failure) : NextStep;

    /// <summary>This host has spoken; the next host may say otherwise.</summary>
    public sealed record TryNextHost(DeliveryFailure Failure) : NextStep;

    /// <summary>Too many recipients at once; to be sent again in the same session.</summary>
    public sealed record SendAgain(DeliveryFailure Failure) : NextStep;
}
