namespace Relay.Queue.Bounces;

/// <summary>The failures of one message of which its sender is still to be told. The store has them; this has better words for them.</summary>
/// <param name="since">The timestamp of the first.</param>
internal sealed class PendingFailures(long since)
{
    /// <summary>The timestamp of the first.</summary>
    public long Since { get; } = since;

    /// <summary>What is known of recipients beyond what the store keeps, by their numbers.</summary>
    public Dictionary<int, NotifiedRecipient> Known { get; } = [];

    /// <summary>How many octets <see cref="Known"/> stands for.</summary>
    public long Weight { get; set; }

    /// <summary>They are being looked at.</summary>
    public bool IsTelling { get; set; }

    /// <summary>More came while they were.</summary>
    public bool HasMore { get; set; }

    /// <summary>The timestamp at which they are looked at again.</summary>
    public long Due { get; set; }

    /// <summary>How often it could not be told.</summary>
    public int Tries { get; set; }
}
