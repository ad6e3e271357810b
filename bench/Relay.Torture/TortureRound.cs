namespace Relay.Torture;

/// <summary>One life of the relay, as it was drawn.</summary>
/// <param name="End">How it ends.</param>
/// <param name="Length">How long it lasts, from the <c>started</c> line, or for <see cref="LifeEnd.KillInStart"/> from the
/// start of the process.</param>
/// <param name="Troubles">How many things go wrong with the Internet around it.</param>
internal sealed record TortureRound(LifeEnd End, TimeSpan Length, int Troubles)
{
    /// <summary>For how long the process is stopped (SIGSTOP) in the middle; zero for not at all.</summary>
    public TimeSpan Pause { get; private init; }

    /// <summary>For how long another process holds the store's write lock from the middle on; zero for not at all.</summary>
    public TimeSpan StoreLock { get; private init; }

    /// <summary>Draws one.</summary>
    public static TortureRound Draw(Random random, TorturePlan plan)
    {
        var end = random.Next(10) switch
        {
            < 6 => LifeEnd.Kill,
            6 => LifeEnd.KillInStart,
            7 => LifeEnd.KillInStop,
            _ => LifeEnd.Terminate,
        };

        // One in twenty lasts longer than SQLite's busy timeout, so that a locked store is an outage and no delay.
        var longest = random.Next(20) == 0 ? plan.LongestLife * 4 : plan.LongestLife;
        var length = end == LifeEnd.KillInStart ? TimeSpan.FromSeconds(1) : longest;
        return new TortureRound(end, random.NextDouble() * length, 1 + random.Next(4))
        {
            Pause = random.Next(4) == 0 ? random.NextDouble() * plan.LongestLife / 2 : TimeSpan.Zero,
            StoreLock = random.Next(3) == 0 ? random.NextDouble() * longest : TimeSpan.Zero,
        };
    }
}
