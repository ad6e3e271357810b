namespace Relay.LoadTest.Load;

/// <summary>
/// Who has seen which message: what was submitted, what the relay answered, what arrived and how often. Written by all
/// sessions and sinks at once; everything is allocated beforehand.
/// </summary>
internal sealed class LoadLedger(LoadPlan plan, LoadCorpus corpus, TimeProvider clock) : ILoadSource
{
    private readonly long[] _submitted = new long[plan.Messages];
    private readonly long[] _accepted = new long[plan.Messages];
    private readonly long[] _arrived = new long[plan.Messages * plan.Recipients];
    private readonly int[] _copies = new int[plan.Messages * plan.Recipients];
    private readonly TaskCompletionSource _killDue = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _taken;
    private int _acceptedCount;
    private int _refused;
    private int _unanswered;
    private int _copyCount;
    private int _foreign;
    private string? _firstRefusal;

    /// <summary>Completes when as many messages were accepted as the plan wants before the kill.</summary>
    public Task KillDue => _killDue.Task;

    /// <inheritdoc/>
    public bool HasMore => Volatile.Read(ref _taken) < plan.Messages;

    /// <summary>Messages answered with 250.</summary>
    public int Accepted => Volatile.Read(ref _acceptedCount);

    /// <summary>Messages answered with something else.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>The first reply that was a refusal.</summary>
    public string? FirstRefusal => Volatile.Read(ref _firstRefusal);

    /// <summary>Messages whose connection broke before the answer; they may arrive or not.</summary>
    public int Unanswered => Volatile.Read(ref _unanswered);

    /// <summary>Copies that arrived, doubles included.</summary>
    public int Copies => Volatile.Read(ref _copyCount);

    /// <summary>Copies that arrived once more.</summary>
    public int Doubled => Copies - _copies.Count(copies => copies > 0);

    /// <summary>Arrivals that are none of our messages, damaged, or for somebody else.</summary>
    public int Foreign => Volatile.Read(ref _foreign);

    /// <inheritdoc/>
    public ValueTask<LoadMessage?> TakeAsync(CancellationToken cancellationToken)
    {
        var message = Interlocked.Increment(ref _taken) - 1;
        if (message >= plan.Messages)
        {
            return default;
        }

        var recipients = new string[plan.Recipients];
        for (var recipient = 0; recipient < recipients.Length; recipient++)
        {
            recipients[recipient] = $"{recipient}.{message}@{LoadPlan.DomainName(plan.DomainOf(message, recipient))}";
        }

        _submitted[message] = clock.GetTimestamp();
        return ValueTask.FromResult<LoadMessage?>(new LoadMessage(message, corpus, "load@client.test", recipients));
    }

    /// <inheritdoc/>
    public void OnAccepted(int message)
    {
        Volatile.Write(ref _accepted[message], clock.GetTimestamp());
        if (Interlocked.Increment(ref _acceptedCount) == plan.KillAfter)
        {
            _killDue.TrySetResult();
        }
    }

    /// <inheritdoc/>
    public void OnRefused(int message, string reply)
    {
        Interlocked.Increment(ref _refused);
        Interlocked.CompareExchange(ref _firstRefusal, reply, null);
    }

    /// <inheritdoc/>
    public void OnUnanswered(int message) => Interlocked.Increment(ref _unanswered);

    /// <inheritdoc/>
    public void OnTurnedAway(string reply) =>
        throw new InvalidOperationException($"The relay greeted a client with: {reply}");

    /// <summary>One copy arrived at the sink of a recipient's domain.</summary>
    public void OnArrival(int message, int recipient)
    {
        if ((uint)message >= (uint)plan.Messages || (uint)recipient >= (uint)plan.Recipients)
        {
            OnForeign();
            return;
        }

        var copy = (message * plan.Recipients) + recipient;
        if (Interlocked.Increment(ref _copies[copy]) == 1)
        {
            Volatile.Write(ref _arrived[copy], clock.GetTimestamp());
        }

        Interlocked.Increment(ref _copyCount);
    }

    /// <summary>Something else arrived.</summary>
    public void OnForeign() => Interlocked.Increment(ref _foreign);

    /// <summary>When the first copy for a message's first recipient arrived, as a timestamp; 0 for not yet.</summary>
    public long ArrivedAt(int message) => Volatile.Read(ref _arrived[message * plan.Recipients]);

    /// <summary>
    /// Waits until every accepted message has arrived for each recipient; gives up when nothing arrives for as long as
    /// the plan is patient. To be called when all have been submitted.
    /// </summary>
    public async Task SettleAsync(CancellationToken cancellationToken)
    {
        var copies = -1;
        var idleSince = clock.GetTimestamp();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(5), clock);
        while ((Copies < (long)Accepted * plan.Recipients || CountLost() > 0)
            && await tick.WaitForNextTickAsync(cancellationToken))
        {
            if (Copies != copies)
            {
                (copies, idleSince) = (Copies, clock.GetTimestamp());
            }
            else if (clock.GetElapsedTime(idleSince) > plan.Patience)
            {
                return;
            }
        }
    }

    /// <summary>Adds up.</summary>
    public LoadResult Summarize()
    {
        var begin = _submitted.Where(at => at > 0).DefaultIfEmpty().Min();
        var latencies = new List<TimeSpan>(plan.Messages);
        var journeys = new List<TimeSpan>(_copies.Length);
        for (var copy = 0; copy < _copies.Length; copy++)
        {
            var message = copy / plan.Recipients;
            if (_accepted[message] != 0 && copy % plan.Recipients == 0)
            {
                latencies.Add(clock.GetElapsedTime(_submitted[message], _accepted[message]));
            }

            if (_copies[copy] > 0)
            {
                journeys.Add(clock.GetElapsedTime(_submitted[message], _arrived[copy]));
            }
        }

        return new LoadResult
        {
            Accepted = Accepted,
            Refused = Refused,
            FirstRefusal = FirstRefusal,
            Unanswered = Unanswered,
            Arrived = journeys.Count,
            Lost = CountLost(),
            Doubled = Doubled,
            Foreign = Foreign,
            AcceptedIn = clock.GetElapsedTime(begin, Math.Max(begin, _accepted.Max())),
            ArrivedIn = clock.GetElapsedTime(begin, Math.Max(begin, _arrived.Max())),
            AcceptLatency = LatencyFigures.Of(latencies),
            Journey = LatencyFigures.Of(journeys),
        };
    }

    /// <summary>Accepted copies that have not arrived.</summary>
    private int CountLost()
    {
        var lost = 0;
        for (var copy = 0; copy < _copies.Length; copy++)
        {
            if (Volatile.Read(ref _copies[copy]) == 0 && Volatile.Read(ref _accepted[copy / plan.Recipients]) != 0)
            {
                lost++;
            }
        }

        return lost;
    }
}
