namespace Relay.Admin;

/// <summary>The states by which a listing chooses.</summary>
internal enum QueueStateFilter
{
    /// <summary>To be delivered.</summary>
    Queued = 0,

    /// <summary>Held by an operator.</summary>
    Held,

    /// <summary>Failed for good, and kept.</summary>
    Failed,
}
