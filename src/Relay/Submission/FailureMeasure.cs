using Relay.Reception;

namespace Relay.Submission;

/// <summary>
/// What one attempt has to do with the failures of one client, network, account, or account at one client. From its beginning until
/// it is known how it ends it counts as a failure: guesses made at the same time are as many as guesses made one after another.
/// </summary>
internal sealed class FailureMeasure(
    FailureRule rule,
    RecentTable<(AddressBlock Block, string Account), FailureMeasure.Record> table,
    (AddressBlock Block, string Account) key,
    TimeProvider clock)
{
    private readonly Record _record = table.TryGet(key, out var record) ? record : new Record();
    private long _reserved;

    /// <summary>The timestamp from which the attempt may be looked at.</summary>
    public long Next => _record.Next;

    /// <summary>Counts the attempt; whoever comes next waits for it too.</summary>
    public void Begin()
    {
        _record.Pending++;
        _reserved = Ticks(_record.Failures + _record.Pending);
        _record.Next = Math.Max(_record.Next, clock.GetTimestamp()) + _reserved;
        Keep();
    }

    /// <summary>Tells how it ended.</summary>
    public void End(LoginEnd end)
    {
        _record.Pending--;
        if (end == LoginEnd.Failed || (end == LoginEnd.Busy && rule.CountsBusy))
        {
            _record.Failures++;
            _record.Next = Math.Max(_record.Next, clock.GetTimestamp() + Ticks(_record.Failures));
            Keep();
            return;
        }

        _record.Next -= _reserved;
        if (end == LoginEnd.Succeeded && rule.IsForgiven)
        {
            _record.Failures = 0;
            _record.Next = _record.Pending == 0 ? 0 : _record.Next;
        }
    }

    private long Ticks(int failures) => (long)(rule.DelayAfter(failures).TotalSeconds * clock.TimestampFrequency);

    private void Keep() => table.Set(key, _record);

    /// <summary>The failures of one of them, its attempts under way, and when its next may be looked at.</summary>
    internal sealed class Record
    {
        public int Failures { get; set; }

        public int Pending { get; set; }

        public long Next { get; set; }
    }
}
