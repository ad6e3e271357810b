using Relay.Queue.Bounces;
using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Delivering;

/// <summary>What an attempt leaves to be done.</summary>
/// <param name="Write">What the store is to have, in one commit.</param>
/// <param name="Notifications">Those of it that are to be delivered then.</param>
/// <param name="Failures">What the sender is to be told once it is committed.</param>
internal sealed record Settlement(
    SettleAttempt Write, IReadOnlyList<PreparedNotification> Notifications, IReadOnlyList<NotifiedRecipient> Failures)
{
    /// <summary>Some recipient failed of which nobody can be told.</summary>
    public bool IsUndeliverable { get; init; }
}
