using Relay.Delivery;
using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Scheduling;

/// <summary>
/// Telling senders that their mail waits needs no attempt: a site that is left alone gives one in a quarter of an hour, whatever
/// stands in line for it. By age, a message at a time, with all its entries that are not given out; those that are, tell by themselves.
/// </summary>
internal sealed partial class Scheduler
{
    private const int MaxWarnings = 8;

    // What cannot be told now, for the store cannot be written, is not tried again at once.
    private static readonly TimeSpan WarningPause = TimeSpan.FromMinutes(1);

    private readonly Queue<QueueEntry> _late = new();
    private int _warnings;
    private long _nextWarning = long.MinValue;

    /// <summary>How long before the end of its time an entry's sender is told that it waits; zero for never.</summary>
    public TimeSpan WarningLead { get; init; }

    /// <summary>It is time to tell the sender of an entry that it waits.</summary>
    public bool IsLate(QueueEntry entry) => LateFrom(entry) <= _clock.GetTimestamp();

    /// <summary>What the site of a destination last failed of.</summary>
    public DeliveryFailure? LastFailureAt(Destination destination)
    {
        lock (_gate)
        {
            return destination.Site?.LastFailure;
        }
    }

    /// <summary>Puts the entries of a warning back where they were.</summary>
    /// <param name="warning">The warning.</param>
    /// <param name="isDone">The sender is told, or is not to be.</param>
    public void FinishWarning(WorkItem.Warning warning, bool isDone)
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            if (!isDone)
            {
                _nextWarning = now + ToTimestamps(WarningPause);
                _timer.RingAt(_nextWarning);
            }

            // The last first, so that they stand in their order again.
            foreach (var entry in warning.Entries.Reverse())
            {
                if (!isDone)
                {
                    entry.Warning = DelayWarningState.Due;
                    _late.Enqueue(entry);
                }

                if (EndsByDecision(entry))
                {
                    continue;
                }

                if (entry.Due > now)
                {
                    PlaceWaiting(entry, entry.Due);
                }
                else
                {
                    entry.Destination.Prepend(entry);
                    NoteReady(entry);
                }
            }
        }
    }

    private long LateFrom(QueueEntry entry) =>
        WarningLead > TimeSpan.Zero ? entry.Expiry - ToTimestamps(WarningLead) : long.MaxValue;

    private void NoteLate(QueueEntry entry)
    {
        entry.Warning = DelayWarningState.Due;
        _late.Enqueue(entry);
        if (entry.Place == EntryPlace.Waiting)
        {
            _alarms.Add(entry);
        }
    }

    private bool TryTakeWarning(out WorkItem turn)
    {
        var now = _clock.GetTimestamp();
        while (_warnings < MaxWarnings && _nextWarning <= now && _late.TryDequeue(out var late))
        {
            var entries = late.Warning == DelayWarningState.Due
                ? _messages.Of(late.Id).Where(entry => MayBeWarned(entry, now)).ToArray()
                : [];
            if (entries.Length > 0)
            {
                Array.ForEach(entries, GiveOutToWarn);
                _warnings++;
                turn = new WorkItem.Warning(entries);
                return true;
            }
        }

        turn = null!;
        return false;
    }

    // One whose time has ended has its last attempt to come, which tells all.
    private bool MayBeWarned(QueueEntry entry, long now) =>
        entry.Place is EntryPlace.Waiting or EntryPlace.Ready && entry.Warning != DelayWarningState.Done
        && LateFrom(entry) <= now && entry.Expiry > now;

    private void GiveOutToWarn(QueueEntry entry)
    {
        if (entry.Place == EntryPlace.Ready)
        {
            entry.Destination.Remove(entry);
            entry.Due = long.MinValue;
        }

        // What is in memory does not know of the warning; its next attempt reads the store, which does.
        entry.InMemory?.Release();
        entry.InMemory = null;
        entry.Warning = DelayWarningState.Done;
        GiveOut(entry);
    }
}
