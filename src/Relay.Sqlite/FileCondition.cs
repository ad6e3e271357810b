namespace Relay.Sqlite;

/// <summary>What was found when a database was opened.</summary>
public enum FileCondition
{
    /// <summary>It has not been opened.</summary>
    Unopened,

    /// <summary>There was no file.</summary>
    New,

    /// <summary>There was a file without a table in it, such as one of length 0.</summary>
    Blank,

    /// <summary>There were tables, and nothing in those that matter.</summary>
    Empty,

    /// <summary>There was a database with something in it.</summary>
    Sound,

    /// <summary>It was damaged, and is now what could be read of it.</summary>
    Damaged,
}
