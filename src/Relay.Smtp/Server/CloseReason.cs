namespace Relay.Smtp.Server;

/// <summary>Why nothing more is to be read from a client.</summary>
internal enum CloseReason
{
    /// <summary>There is more.</summary>
    None = 0,

    /// <summary>The client closed or reset the connection, or broke TLS.</summary>
    Closed,

    /// <summary>The client took too long.</summary>
    TimedOut,

    /// <summary>The client sends a message slower than a message may be.</summary>
    TooSlow,

    /// <summary>The server is stopping and the client is idle.</summary>
    Stopping,

    /// <summary>The server gives the session up at once.</summary>
    Aborted,
}
