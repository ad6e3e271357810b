namespace Relay.Queue.Scheduling;

/// <summary>Where an entry is. It is in one place at a time.</summary>
internal enum EntryPlace : byte
{
    /// <summary>In none: it is gone, or a command that may yet fail has taken it out.</summary>
    Nowhere = 0,

    /// <summary>It waits for its time.</summary>
    Waiting,

    /// <summary>In line at its destination.</summary>
    Ready,

    /// <summary>Its time has ended while its site is left alone.</summary>
    Overdue,

    /// <summary>Given out.</summary>
    UnderWay,
}
