namespace Relay.Queue.Storage;

/// <summary>What the scheduler is to know of a queued recipient, or of those that go to one destination.</summary>
/// <param name="MessageId">Its message; rows come in the order of messages.</param>
/// <param name="Destination">Its routing key.</param>
/// <param name="ReceivedAt">Milliseconds since 1970.</param>
/// <param name="Attempts">How many there were.</param>
/// <param name="NextAttempt">Milliseconds since 1970.</param>
/// <param name="IsReport">The message is a TLS report of ours.</param>
/// <param name="IsNullPath">The message has the null reverse-path, as notifications have.</param>
internal readonly record struct IndexRow(
    long MessageId, string Destination, long ReceivedAt, int Attempts, long NextAttempt, bool IsReport, bool IsNullPath)
{
    /// <summary>Its number within the message; of several, the first.</summary>
    public int Seq { get; init; }

    /// <summary>Its sender was told of the delay.</summary>
    public bool IsWarned { get; init; }
}
