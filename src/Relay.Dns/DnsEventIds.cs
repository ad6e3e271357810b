namespace Relay.Dns;

/// <summary>The ids of the log events of DNS; operators alert on them, so none is ever reused.</summary>
public static class DnsEventIds
{
    /// <summary>A server did not answer, or refused, and is asked last for a while.</summary>
    public const int ServerSetAside = 5001;

    /// <summary>A lookup ended without an answer from any server.</summary>
    public const int LookupFailed = 5002;

    /// <summary>The system's list of servers was read, at the start or after a change.</summary>
    public const int SystemServersRead = 5003;

    /// <summary>The system's list of servers could not be read.</summary>
    public const int SystemServersUnreadable = 5004;
}
