using Relay.Queue.Storage;

namespace Relay.Queue.Operations;

/// <summary>A recipient as operators see it. Times are milliseconds since 1970, UTC.</summary>
public sealed record ListedRecipient
{
    /// <summary>Its message.</summary>
    public required QueueId Id { get; init; }

    /// <summary>Its number in the message.</summary>
    public required int Seq { get; init; }

    /// <summary>Where it stands.</summary>
    public required RecipientState State { get; init; }

    /// <summary>Its routing key.</summary>
    public required string Destination { get; init; }

    /// <summary>When the message was accepted.</summary>
    public required long ReceivedAt { get; init; }

    /// <summary>How many attempts there were.</summary>
    public required int Attempts { get; init; }

    /// <summary>When the next is due: as of the last, or at the end of its site's back-off.</summary>
    public required long NextAttempt { get; init; }

    /// <summary>The address.</summary>
    public required string Mailbox { get; init; }

    /// <summary>When the last attempt ended.</summary>
    public long? LastAttempt { get; init; }

    /// <summary>The enhanced status code it came to.</summary>
    public string? LastStatus { get; init; }

    /// <summary>And its diagnostic.</summary>
    public string? LastText { get; init; }

    /// <summary>The message's reverse-path, empty for the null path; null when the store has no such message.</summary>
    public string? ReversePath { get; init; }

    /// <summary>The content's length.</summary>
    public long Octets { get; init; }

    /// <summary>The message is a TLS report of ours.</summary>
    public bool IsReport { get; init; }
}
