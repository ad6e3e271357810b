using System.Globalization;
using Relay.LoadTest.Load;

namespace Relay.Torture;

/// <summary>
/// Who has seen which message: what was submitted and answered, which copies arrived, in which life of the relay. A copy
/// counts when its host took it with a positive reply.
/// </summary>
internal sealed class TortureLedger(TortureMail mail) : ILoadSource, IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<Entry> _entries = [];
    private readonly List<Life> _lives = [new()];
    private readonly SemaphoreSlim _permits = new(0);
    private readonly SortedDictionary<string, int> _refusals = new(StringComparer.Ordinal);
    private volatile bool _ended;
    private int _unaccepted;
    private int _damaged;
    private int _doubledInLife;

    private enum State
    {
        Submitted = 0,
        Accepted,
        Refused,
        Unanswered,
    }

    /// <inheritdoc/>
    public bool HasMore => !_ended;

    /// <summary>Copies that have arrived so far, doubles and notifications included.</summary>
    public int Copies { get; private set; }

    /// <summary>Messages answered with 250 so far.</summary>
    public int Accepted { get; private set; }

    /// <summary>Messages answered with something else so far.</summary>
    public int Refused { get; private set; }

    /// <summary>Lets the clients submit one more message.</summary>
    public void Permit()
    {
        // While the relay is down nothing piles up, or its first second would be a flood.
        if (_permits.CurrentCount < 50)
        {
            _permits.Release();
        }
    }

    /// <summary>No more messages; every client hears so.</summary>
    public void End(int clients)
    {
        _ended = true;
        _permits.Release(clients);
    }

    /// <inheritdoc/>
    public async ValueTask<LoadMessage?> TakeAsync(CancellationToken cancellationToken)
    {
        await _permits.WaitAsync(cancellationToken);
        if (_ended)
        {
            return null;
        }

        lock (_gate)
        {
            var message = _entries.Count;
            _entries.Add(new Entry(TortureMail.RecipientsOf(message)));
            return mail.Compose(message);
        }
    }

    /// <inheritdoc/>
    public void OnAccepted(int message) => Set(message, State.Accepted);

    /// <inheritdoc/>
    public void OnRefused(int message, string reply)
    {
        Set(message, State.Refused);
        lock (_gate)
        {
            // Code and enhanced code; the text may hold a queue id.
            var kind = string.Join(' ', reply.Split(' ').Take(2));
            _refusals[kind] = _refusals.GetValueOrDefault(kind) + 1;
        }
    }

    /// <inheritdoc/>
    public void OnUnanswered(int message) => Set(message, State.Unanswered);

    /// <inheritdoc/>
    public void OnTurnedAway(string reply)
    {
        // A relay that is stopping says 421; the client comes again.
    }

    /// <summary>The relay has ended, and another life begins.</summary>
    public void EndLife(LifeEnd end)
    {
        lock (_gate)
        {
            _lives[^1].End = end;
            _lives.Add(new Life());
        }
    }

    /// <summary>A copy came whole but was not taken: the reply was a refusal, or the connection was cut instead.</summary>
    public void OnUnaccepted()
    {
        lock (_gate)
        {
            _unaccepted++;
        }
    }

    /// <summary>One copy was taken, over a connection that was made in this life.</summary>
    public void OnArrival(int message, int recipient, int life)
    {
        lock (_gate)
        {
            if ((uint)message < (uint)_entries.Count && (uint)recipient < (uint)_entries[message].Copies.Length)
            {
                Count(ref _entries[message].Copies[recipient], life);
            }
            else
            {
                _damaged++;
            }
        }
    }

    /// <summary>A notification was taken at the sender's host.</summary>
    public void OnNotification(int message, int life)
    {
        lock (_gate)
        {
            if ((uint)message < (uint)_entries.Count && TortureMail.HasRefused(message))
            {
                Count(ref _entries[message].Notifications, life);
            }
            else
            {
                _damaged++;
            }
        }
    }

    /// <summary>Something arrived that is none of our messages, damaged, or for somebody else.</summary>
    public void OnForeign()
    {
        lock (_gate)
        {
            _damaged++;
        }
    }

    /// <summary>Copies and notifications of accepted messages that have not arrived.</summary>
    public int CountMissing()
    {
        lock (_gate)
        {
            return Lost().Count() + Unnotified().Count();
        }
    }

    /// <summary>Adds up.</summary>
    public TortureResult Summarize()
    {
        lock (_gate)
        {
            return new TortureResult
            {
                Submitted = _entries.Count,
                Accepted = Accepted,
                Refused = Refused,
                Unanswered = _entries.Count(entry => entry.State is State.Unanswered),
                Refusals = _refusals,
                Copies = _entries.Where(entry => entry.State is State.Accepted).Sum(entry => entry.Copies.Length),
                Lost = [.. Lost().Take(20)],
                LostCount = Lost().Count(),
                Unnotified = [.. Unnotified().Take(20)],
                UnnotifiedCount = Unnotified().Count(),
                Notifications = _entries.Count(entry => entry.Notifications.Count > 0),
                RefusedButArrived = _entries.Count(entry => entry.State is State.Refused && entry.HasArrived),
                Damaged = _damaged,
                CutAfterContent = _unaccepted,
                Kills = _lives.Count(life => life.End is { } end && end != LifeEnd.Terminate),
                Terminations = _lives.Count(life => life.End == LifeEnd.Terminate),
                DoubledByKills = _lives.Where(life => life.End != LifeEnd.Terminate).Sum(life => life.Doubled),
                DoubledByWorstKill = _lives.Where(life => life.End != LifeEnd.Terminate).Max(life => life.Doubled),
                DoubledByTerminations = _lives.Where(life => life.End == LifeEnd.Terminate).Sum(life => life.Doubled),
                DoubledInLife = _doubledInLife,
            };
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _permits.Dispose();

    private IEnumerable<string> Lost() =>
        from number in Enumerable.Range(0, _entries.Count)
        where _entries[number].State is State.Accepted
        from recipient in Enumerable.Range(0, _entries[number].Copies.Length)
        where _entries[number].Copies[recipient].Count == 0
        select string.Create(
            CultureInfo.InvariantCulture, $"{recipient}.{number}@{TortureMail.DomainName(mail.DomainOf(number, recipient))}");

    private IEnumerable<string> Unnotified() =>
        from number in Enumerable.Range(0, _entries.Count)
        where _entries[number].State is State.Accepted
            && TortureMail.HasRefused(number) && _entries[number].Notifications.Count == 0
        select string.Create(CultureInfo.InvariantCulture, $"{number}@{TortureMail.SenderDomain}");

    private void Count(ref Copy copy, int life)
    {
        Copies++;
        if (copy.Count > 0 && copy.Life == life)
        {
            _doubledInLife++;
        }
        else if (copy.Count > 0)
        {
            // Sinks are read in any order, so the earlier of the two lives is the one whose end made the second copy.
            _lives[Math.Min(copy.Life, life)].Doubled++;
        }

        copy = new Copy(copy.Count + 1, Math.Max(copy.Life, life));
    }

    private void Set(int message, State state)
    {
        lock (_gate)
        {
            _entries[message].State = state;
            Accepted += state is State.Accepted ? 1 : 0;
            Refused += state is State.Refused ? 1 : 0;
        }
    }

    /// <summary>How often a copy was taken, and in which life last.</summary>
    private readonly record struct Copy(int Count, int Life);

    private sealed class Entry(int recipients)
    {
        public Copy Notifications;

        public Copy[] Copies { get; } = new Copy[recipients];

        public State State { get; set; }

        public bool HasArrived => Copies.Any(copy => copy.Count > 0);
    }

    private sealed class Life
    {
        public LifeEnd? End { get; set; }

        public int Doubled { get; set; }
    }
}
