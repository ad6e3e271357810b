namespace Relay.Reception.Spooling;

/// <summary>Whether a message that arrives may go on to the disk.</summary>
internal enum SpoolRoom
{
    /// <summary>It may not: the disk has no room beside what the queue keeps free.</summary>
    DiskIsShort = 0,

    /// <summary>It may not: messages of its client have as much there as one client may have.</summary>
    ClientHasTooMuch,

    /// <summary>It may, and has the room.</summary>
    Taken,
}
