namespace Relay.Delivery.Transport;

/// <summary>
/// How far an attempt has come: who is still open, what stood in the way, how many connections it took.
/// </summary>
internal sealed class AttemptProgress
{
    /// <summary>More connections than this are not tried in one attempt, whatever a remote party's zone lists.</summary>
    public const int MaxConnections = 20;

    /// <summary>No further connection begins when an attempt has taken longer: hosts that answer each step just before its
    /// limit must not hold a place among the attempts for a day.</summary>
    public static readonly TimeSpan MaxTime = TimeSpan.FromHours(1);

    private readonly TimeProvider _clock;
    private readonly long _started;
    private readonly List<PendingRecipient> _open;
    private HostRefusal? _refusal;
    private int _connections;

    public AttemptProgress(DeliveryAttempt attempt, RequiredExtensions needs, TimeProvider clock)
    {
        _clock = clock;
        _started = clock.GetTimestamp();
        Attempt = attempt;
        Needs = needs;
        _open = [.. attempt.Recipients
            .Where(recipient => recipient.Outcome is null)
            .Select(recipient => new PendingRecipient(recipient, RequiredExtensions.ToSend(recipient.Envelope)))];
    }

    public DeliveryAttempt Attempt { get; }

    public RequiredExtensions Needs { get; }

    public bool IsSettled => _open.Count == 0;

    /// <summary>The recipients that no host has decided on.</summary>
    public IReadOnlyList<PendingRecipient> Open => _open;

    /// <summary>Takes one connection from the attempt's allowance; false when it is used up.</summary>
    public bool MayConnect()
    {
        if (_clock.GetElapsedTime(_started) >= MaxTime)
        {
            Note(new(FailureReason.TimedOut, new(4, 4, 1), $"no host took the message in {MaxTime}"));
            return false;
        }

        if (_connections++ < MaxConnections)
        {
            return true;
        }

        Note(new(FailureReason.TooManyConnections, new(4, 4, 1), $"no host took the message in {MaxConnections} connections"));
        return false;
    }

    public void NoteRefusal(HostRefusal refusal) => _refusal ??= refusal;

    /// <summary>Something stood in the way of all that are open.</summary>
    public void Note(DeliveryFailure failure)
    {
        foreach (var recipient in _open)
        {
            recipient.Note(failure);
        }
    }

    public void Settle(PendingRecipient recipient, DeliveryOutcome outcome)
    {
        recipient.Recipient.Outcome = outcome;
        _open.Remove(recipient);
    }

    /// <summary>
    /// Every host has been tried. The last real obstacle is told; refusals by policy only when there was none. A
    /// permanent obstacle is final only when every host was asked.
    /// </summary>
    public void Finish()
    {
        var refused = _refusal is { } refusal
            ? new DeliveryFailure(refusal.Reason, refusal.Status, refusal.Text)
            : null;
        foreach (var recipient in _open)
        {
            if (refused is not null && (recipient.Failure is null || recipient.Failure.Status.Class == 5))
            {
                recipient.Note(refused);
            }

            var failure = recipient.Failure
                ?? new DeliveryFailure(FailureReason.NoUsableMx, new(4, 4, 4), "no host was left to try");
            recipient.Recipient.Outcome = failure.Status.Class == 5
                ? new DeliveryOutcome.Bounced(failure)
                : new DeliveryOutcome.Deferred(failure);
        }

        _open.Clear();
    }
}
