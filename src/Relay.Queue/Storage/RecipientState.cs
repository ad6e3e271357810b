namespace Relay.Queue.Storage;

/// <summary>Where a stored recipient stands. The numbers are in the store. A delivered recipient has no row.</summary>
public enum RecipientState
{
    /// <summary>To be delivered.</summary>
    Queued = 0,

    /// <summary>Refused for good; kept until its sender has been told.</summary>
    Bounced = 1,

    /// <summary>Its time in the queue ended; kept until its sender has been told.</summary>
    Expired = 2,

    /// <summary>An operator holds it: not tried until it is released, nor forgotten at a restart.</summary>
    Held = 3,
}
