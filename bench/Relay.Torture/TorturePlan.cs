namespace Relay.Torture;

/// <summary>What a torture run does. The same plan draws the same faults at the same moments.</summary>
public sealed record TorturePlan
{
    /// <summary>How often the relay is killed by SIGKILL.</summary>
    public int Kills { get; init; } = 5;

    /// <summary>What moments and faults are drawn from.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>How many messages the clients submit a second, as far as the relay is up to take them.</summary>
    public int MessagesPerSecond { get; init; } = 200;

    /// <summary>How many clients submit at the same time, each on a connection of its own.</summary>
    public int Sessions { get; init; } = 8;

    /// <summary>How many recipient domains there are, each with an MX host of its own.</summary>
    public int Domains { get; init; } = 12;

    /// <summary>The relay's <c>Delivery:MaxConcurrency</c>: no more attempts are under way at any moment, and so no more
    /// can be doubled by one kill.</summary>
    public int MaxConcurrency { get; init; } = 40;

    /// <summary>The relay's <c>Queue:MinFreeOctets</c>.</summary>
    public long MinFreeOctets { get; init; } = 128 * 1024 * 1024;

    /// <summary>The longest time between the relay's start and its end.</summary>
    public TimeSpan LongestLife { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long nothing may arrive, at the end, before what is missing counts as lost.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);
}
