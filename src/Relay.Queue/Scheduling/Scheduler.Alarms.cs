namespace Relay.Queue.Scheduling;

/// <summary>What comes with time: entries and sites become ready, and senders are to be told that their mail waits.</summary>
internal sealed partial class Scheduler
{
    private void PlaceWaiting(QueueEntry entry, long due)
    {
        (entry.Place, entry.Due) = (EntryPlace.Waiting, due);
        _alarms.Add(entry);
        _timer.RingAt(AlarmOf(entry));
    }

    private void OnTimer()
    {
        while (TakeDue())
        {
            _wake();
        }

        _wake();
        lock (_gate)
        {
            // Behind the rest: what has been taken at once needs no alarm.
            RingForNext();
        }
    }

    /// <summary>Makes ready what is due; true when there is more than one batch of it.</summary>
    private bool TakeDue()
    {
        lock (_gate)
        {
            var now = _clock.GetTimestamp();
            _timer.Reset();
            for (var taken = 0; _backingOff.TryPeek(out var site, out var until) && until <= now; taken++)
            {
                if (taken == MaxBatch)
                {
                    return true;
                }

                _backingOff.Dequeue();
                site.IsAwaited = false;
                Rotate(site);
            }

            for (var taken = 0; _alarms.TryPeek(out var entry, out var due) && due <= now; taken++)
            {
                if (taken == MaxBatch)
                {
                    return true;
                }

                _alarms.Remove(entry);
                if (entry.Place == EntryPlace.Waiting && entry.Due <= now)
                {
                    Place(entry, TimeSpan.Zero);
                }
                else
                {
                    NoteLate(entry);
                }
            }

            return false;
        }
    }

    private void RingForNext()
    {
        var nextBackoff = _backingOff.TryPeek(out _, out var end) ? end : long.MaxValue;
        var nextEntry = _alarms.TryPeek(out _, out var next) ? next : long.MaxValue;
        var nextWarning = _late.Count > 0 && _nextWarning > _clock.GetTimestamp() ? _nextWarning : long.MaxValue;
        _timer.RingAt(Math.Min(Math.Min(nextBackoff, nextEntry), nextWarning));
    }

    // When something is to be done with an entry that is not given out.
    private long AlarmOf(QueueEntry entry)
    {
        var warning = entry.Warning == DelayWarningState.NotYet ? LateFrom(entry) : long.MaxValue;
        return entry.Place == EntryPlace.Waiting ? Math.Min(entry.Due, warning) : warning;
    }
}
