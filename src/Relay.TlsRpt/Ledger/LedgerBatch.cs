using Relay.Delivery.Observations;
using Relay.Mail;

namespace Relay.TlsRpt.Ledger;

/// <summary>Counts that are not in the store yet: those of the last second. Not safe for several threads.</summary>
internal sealed class LedgerBatch
{
    /// <summary>How many policies of domains are held while the store does not take them.</summary>
    public const int MaxTallies = 200_000;

    // RFC 8460 §4.4: a reason has to be short; the peer chooses it, and its name, so their number is bounded.
    private const int MaxFailures = 1_000;

    private readonly Dictionary<Key, Tally> _tallies = [];

    public bool IsEmpty => _tallies.Count == 0;

    public IEnumerable<KeyValuePair<Key, Tally>> Tallies => _tallies;

    /// <summary>Counts one; false when there is no room.</summary>
    public bool TryAdd(TlsObservation observation)
    {
        // RFC 8460 §4.1: a session belongs to the UTC day in which it was decided.
        var day = (int)(observation.Time.UtcTicks / TimeSpan.TicksPerDay);
        if (TallyOf(new Key(day, observation.PolicyDomain, observation.Policy)) is not { } tally)
        {
            return false;
        }

        tally.Succeeded += observation.Count == ObservationCount.Success ? 1 : 0;
        tally.Failed += observation.Count == ObservationCount.Failure ? 1 : 0;
        for (var index = 0; index < observation.Failures.Count; index++)
        {
            tally.Add(FailureKey.Of(observation, observation.Failures[index]), 1);
        }

        return true;
    }

    /// <summary>Takes over what another batch counted; returns how many tallies found no room.</summary>
    public int Merge(LedgerBatch other)
    {
        var lost = 0;
        foreach (var (key, from) in other._tallies)
        {
            if (TallyOf(key) is not { } tally)
            {
                lost++;
                continue;
            }

            tally.Succeeded += from.Succeeded;
            tally.Failed += from.Failed;
            foreach (var (failure, count) in from.Failures)
            {
                tally.Add(failure, count);
            }
        }

        return lost;
    }

    private Tally? TallyOf(in Key key)
    {
        if (!_tallies.TryGetValue(key, out var tally) && _tallies.Count < MaxTallies)
        {
            tally = new Tally();
            _tallies.Add(key, tally);
        }

        return tally;
    }

    /// <summary>
    /// What sessions are counted under; policies are compared as objects, the store compares their text.
    /// </summary>
    public readonly record struct Key(int Day, DomainName Domain, ObservedPolicy Policy);

    /// <summary>The counts of one key.</summary>
    public sealed class Tally
    {
        private Dictionary<FailureKey, long>? _failures;

        public long Succeeded { get; set; }

        public long Failed { get; set; }

        public IEnumerable<KeyValuePair<FailureKey, long>> Failures => _failures ?? [];

        public void Add(in FailureKey failure, long count)
        {
            _failures ??= [];
            var key = _failures.ContainsKey(failure) || _failures.Count < MaxFailures ? failure : FailureKey.Overflow;
            _failures[key] = _failures.GetValueOrDefault(key) + count;
        }
    }
}
