namespace Relay.Queue.Scheduling.Sites;

/// <summary>
/// What is known of a destination or site, for the order of service: the dead must not keep slots from those that work.
/// </summary>
internal enum ServiceClass
{
    /// <summary>It took mail when last tried.</summary>
    Healthy = 0,

    /// <summary>It is new, or failed, and has mail that came since it was last tried.</summary>
    New,

    /// <summary>It is new, or failed, and all its mail has waited before.</summary>
    Suspect,
}
