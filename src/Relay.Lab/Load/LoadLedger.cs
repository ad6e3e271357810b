namespace Relay.Lab.Load;

/// <summary>
/// Who has seen which message: what was submitted, what the relay answered, what arrived and how often. Written by all
/// sessions and sinks at once; everything is allocated beforehand.
/// </summary>
internal sealed class LoadLedger(LoadPlan plan, TimeProvider clock)
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

    /// <summary>Messages wait to be submitted.</summary>
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

    /// <summary>Arrivals that are none of our messages, damaged, or for somebody else.</summary>
    public int Foreign => Volatile.Read(ref _foreign);

    /// <summary>The next message to submit; false when there are no more.</summary>
    public bool TryTake(out int message)
    {
        message = Interlocked.Increment(ref _taken) - 1;
        return message < plan.Messages;
    }

    /// <summary>The client begins the transaction.</summary>
    public void OnSubmit(int message) => _submitted[message] = clock.GetTimestamp();

    /// <summary>The relay answered 250.</summary>
    public void OnAccepted(int message)
    {
        Volatile.Write(ref _accepted[message], clock.GetTimestamp());
        if (Interlocked.Increment(ref _acceptedCount) == plan.KillAfter)
        {
            _killDue.TrySetResult();
        }
    }

    /// <summary>The relay answered something else.</summary>
    public void OnRefused(string reply)
    {
        Interlocked.Increment(ref _refused);
        Interlocked.CompareExchange(ref _firstRefusal, reply, null);
    }

    /// <summary>The connection broke before the answer.</summary>
    public void OnUnanswered() => Interlocked.Increment(ref _unanswered);

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
            Doubled = Copies - journeys.Count,
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
