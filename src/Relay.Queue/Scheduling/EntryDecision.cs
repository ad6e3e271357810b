namespace Relay.Queue.Scheduling;

/// <summary>What a command has decided of an entry that is under way.</summary>
internal enum EntryDecision : byte
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>It is not to be put back when it returns.</summary>
    Recalled,

    /// <summary>It is tried again at once when it returns.</summary>
    Reinstated,
}
