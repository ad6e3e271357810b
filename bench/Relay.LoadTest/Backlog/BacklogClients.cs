using System.Net;
using Relay.LoadTest.Load;

namespace Relay.LoadTest.Backlog;

/// <summary>
/// Submits fresh mail to destinations without a backlog, in bursts, and knows how long each message took to be accepted and to arrive.
/// </summary>
internal sealed class BacklogClients(int first, int most, LoadCorpus corpus, LoadLedger ledger) : ILoadSource
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly TimeProvider _clock = TimeProvider.System;
    private readonly long[] _submitted = new long[most];
    private readonly long[] _accepted = new long[most];
    private int _next;
    private int _end;
    private int _refused;

    /// <inheritdoc/>
    public bool HasMore => Volatile.Read(ref _next) < _end;

    /// <summary>Messages that were not answered with 250.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <summary>The first reply that was a refusal.</summary>
    public string? FirstRefusal { get; private set; }

    /// <summary>Submits so many and waits until the last is accepted.</summary>
    public async Task<LoadBurst> SubmitAsync(int count, int sessions, IPEndPoint relay, CancellationToken cancellationToken)
    {
        var burst = new LoadBurst(_end, Math.Min(count, most - _end));
        _next = burst.First;
        _end = burst.First + burst.Count;
        await LoadGenerator.RunAsync(sessions, this, () => Task.FromResult(relay), cancellationToken);
        return burst;
    }

    /// <summary>Waits until everything in a burst that was accepted has arrived; gives up after two minutes.</summary>
    public async Task ArriveAsync(LoadBurst burst, CancellationToken cancellationToken)
    {
        var since = _clock.GetTimestamp();
        while (CountMissing(burst) > 0 && _clock.GetElapsedTime(since) < Patience)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(5), _clock, cancellationToken);
        }
    }

    /// <summary>How many of all were accepted and have not arrived.</summary>
    public int CountMissing() => CountMissing(new LoadBurst(0, _end));

    /// <summary>How many of a burst were accepted and have not arrived.</summary>
    public int CountMissing(LoadBurst burst) => Numbers(burst)
        .Count(number => Volatile.Read(ref _accepted[number]) != 0 && ledger.ArrivedAt(first + number) == 0);

    /// <summary>How many a second were accepted.</summary>
    public double RateOf(LoadBurst burst)
    {
        var begin = Numbers(burst).Min(number => _submitted[number]);
        return burst.Count / _clock.GetElapsedTime(begin, Numbers(burst).Max(number => _accepted[number])).TotalSeconds;
    }

    /// <summary>From the submission to the 250.</summary>
    public LatencyFigures AcceptLatencyOf(IEnumerable<LoadBurst> bursts) => LatencyFigures.Of(
        [.. bursts.SelectMany(Numbers).Where(number => _accepted[number] != 0)
            .Select(number => _clock.GetElapsedTime(_submitted[number], _accepted[number]))]);

    /// <summary>From the submission to the arrival.</summary>
    public LatencyFigures JourneyOf(IEnumerable<LoadBurst> bursts) => LatencyFigures.Of(
        [.. bursts.SelectMany(Numbers).Where(number => ledger.ArrivedAt(first + number) != 0)
            .Select(number => _clock.GetElapsedTime(_submitted[number], ledger.ArrivedAt(first + number)))]);

    /// <inheritdoc/>
    public ValueTask<LoadMessage?> TakeAsync(CancellationToken cancellationToken)
    {
        var number = Interlocked.Increment(ref _next) - 1;
        if (number >= _end)
        {
            return default;
        }

        _submitted[number] = _clock.GetTimestamp();
        var message = first + number;
        return ValueTask.FromResult<LoadMessage?>(
            new LoadMessage(message, corpus, "load@client.test", [$"0.{message}@{BacklogPlan.NewDomain(message)}"]));
    }

    /// <inheritdoc/>
    public void OnAccepted(int message) => Volatile.Write(ref _accepted[message - first], _clock.GetTimestamp());

    /// <inheritdoc/>
    public void OnRefused(int message, string reply)
    {
        Interlocked.Increment(ref _refused);
        FirstRefusal ??= reply;
    }

    /// <inheritdoc/>
    public void OnUnanswered(int message) => OnRefused(message, "the connection broke");

    /// <inheritdoc/>
    public void OnTurnedAway(string reply) =>
        throw new InvalidOperationException($"The relay greeted a client with: {reply}");

    private static IEnumerable<int> Numbers(LoadBurst burst) => Enumerable.Range(burst.First, burst.Count);
}
