namespace Relay.LoadTest.Backlog;

/// <summary>What the nine tenths of a backlog that cannot go are like.</summary>
internal enum BacklogKind
{
    /// <summary>All due at once after a downtime, to one destination whose host does not answer.</summary>
    Dead = 0,

    /// <summary>All due at once, each to a destination of its own that refuses connections.</summary>
    Distinct,

    /// <summary>To one destination that does not answer, all due again in the same minute, soon after the start.</summary>
    Wave,

    /// <summary>To one destination that does not answer, and the time of all of them has ended.</summary>
    Expired,
}
