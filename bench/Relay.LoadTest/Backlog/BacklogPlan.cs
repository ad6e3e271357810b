using Relay.LoadTest.Load;

namespace Relay.LoadTest.Backlog;

/// <summary>A backlog, and the load on top of it.</summary>
internal sealed record BacklogPlan
{
    /// <summary>How many destinations of the backlog take mail.</summary>
    public const int HealthyDomains = 200;

    /// <summary>How many others there are, without a backlog, for fresh mail: at its own destination mail goes in order.</summary>
    public const int NewDomains = 50;

    /// <summary>Of those that refuse connections, and of those whose name servers are silent, so many each.</summary>
    public const int TroubledDomains = 2_500;

    /// <summary>How many messages are queued when the relay starts.</summary>
    public required int Queued { get; init; }

    /// <summary>The size of every message.</summary>
    public required int Octets { get; init; }

    /// <summary>What most of them are like.</summary>
    public required BacklogKind Kind { get; init; }

    /// <summary>How many messages each round of the comparison submits.</summary>
    public required int RoundMessages { get; init; }

    /// <summary>How many clients submit them.</summary>
    public required int Sessions { get; init; }

    /// <summary>How many rounds there are, with the backlog and without in turns; the first warms up and does not count.</summary>
    public int Rounds { get; init; } = 6;

    /// <summary>How many single messages may be sent while the healthy share is delivered.</summary>
    public int Probes { get; init; } = 5_000;

    /// <summary>The domain of a fresh message.</summary>
    public static string NewDomain(int message) => LoadPlan.DomainName(HealthyDomains + (message % NewDomains));
}
