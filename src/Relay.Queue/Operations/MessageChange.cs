namespace Relay.Queue.Operations;

/// <summary>What an operator can do to a message in the store.</summary>
public enum MessageChange
{
    /// <summary>Its queued recipients are held.</summary>
    Hold = 0,

    /// <summary>Its held recipients are queued again, due at once.</summary>
    Release,

    /// <summary>It goes, with all its recipients.</summary>
    Drop,
}
