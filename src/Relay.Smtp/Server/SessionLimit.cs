namespace Relay.Smtp.Server;

/// <summary>What a client can have too much of; the names are those of the log.</summary>
internal enum SessionLimit
{
    /// <summary>All is within bounds.</summary>
    None = 0,

    /// <summary>Errors since the last message.</summary>
    Errors,

    /// <summary>Commands since the last message.</summary>
    Commands,

    /// <summary>Time since the last message.</summary>
    TimeWithoutMessage,
}
