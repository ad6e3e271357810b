using Relay.LoadTest.Load;

namespace Relay.LoadTest.Backlog;

/// <summary>What a backlog came to.</summary>
internal sealed record BacklogResult
{
    /// <summary>How long the store took to fill.</summary>
    public required TimeSpan FilledIn { get; init; }

    /// <summary>The size of the database.</summary>
    public required long StoreOctets { get; init; }

    /// <summary>From the start of the process until it takes mail, with an empty queue.</summary>
    public required TimeSpan EmptyStart { get; init; }

    /// <summary>The same with the backlog.</summary>
    public required TimeSpan Start { get; init; }

    /// <summary>From the start of the process until a message submitted then was delivered.</summary>
    public TimeSpan FirstDelivered { get; init; }

    /// <summary>Memory when it takes mail.</summary>
    public required long StartOctets { get; init; }

    /// <summary>The most memory of all the time.</summary>
    public long PeakOctets { get; init; }

    /// <summary>The same of the relay without a backlog.</summary>
    public long EmptyPeakOctets { get; init; }

    /// <summary>How many of the backlog could be delivered.</summary>
    public required int Healthy { get; init; }

    /// <summary>How many of them were.</summary>
    public int Drained { get; init; }

    /// <summary>From the start of the process to the last of them.</summary>
    public TimeSpan DrainedIn { get; init; }

    /// <summary>Single messages sent meanwhile: how many, to their 250, to their arrival.</summary>
    public (int Count, LatencyFigures Accept, LatencyFigures Journey) Probes { get; init; }

    /// <summary>Accepted a second in each round, without and with the backlog.</summary>
    public IReadOnlyList<(double Empty, double Backlog)> Rounds { get; init; } = [];

    /// <summary>The share of one processor that the relay took with the backlog and nothing to do.</summary>
    public double IdleShare { get; init; }

    /// <summary>
    /// Messages held in a row, and the time from submission to 250 for a client that submits in a row, before and meanwhile.
    /// </summary>
    public (int Count, LatencyFigures Hold, LatencyFigures Quiet, LatencyFigures Meanwhile) Holds { get; init; }

    /// <summary>The most memory by then.</summary>
    public long HoldsOctets { get; init; }

    /// <summary>Fresh messages that were accepted and did not arrive.</summary>
    public int Lost { get; init; }

    /// <summary>Copies that arrived once more.</summary>
    public int Doubled { get; init; }

    /// <summary>Arrivals that were damaged or nobody's.</summary>
    public int Foreign { get; init; }

    /// <summary>Fresh messages that were not accepted, and the first refusal.</summary>
    public (int Count, string? First) Refused { get; init; }

    /// <summary>The rate with the backlog by the rate without, the median of the rounds.</summary>
    public double Ratio => Rounds.Select(round => round.Backlog / round.Empty).Order().ElementAt(Rounds.Count / 2);
}
