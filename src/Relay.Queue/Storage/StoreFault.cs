namespace Relay.Queue.Storage;

/// <summary>What went wrong when the store was written.</summary>
internal enum StoreFault
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>This operation cannot be done (a key that exists already); others can.</summary>
    Operation,

    /// <summary>The disk is full.</summary>
    Full,

    /// <summary>The store cannot be written now.</summary>
    Unavailable,

    /// <summary>What the operation needed is damaged in the store.</summary>
    Damaged,

    /// <summary>The commit failed: it may come to be there all the same, and has to be taken back.</summary>
    Unknown,

    /// <summary>The message is there already, or was: nothing was written.</summary>
    Repeated,
}
