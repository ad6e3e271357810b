namespace Relay.Torture;

/// <summary>How one life of the relay ends.</summary>
internal enum LifeEnd
{
    /// <summary>SIGKILL while it works.</summary>
    Kill = 0,

    /// <summary>SIGKILL before it says that it takes mail.</summary>
    KillInStart,

    /// <summary>SIGTERM, and SIGKILL while it finishes what is in flight.</summary>
    KillInStop,

    /// <summary>SIGTERM, and time to finish.</summary>
    Terminate,
}
