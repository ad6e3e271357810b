namespace Relay;

/// <summary>
/// Ids of the program's log events, never reused: operators alert on them. 1000s host, 2100s reception (2000s are the SMTP session's); the queue, delivery,
/// DNS and the plugin have their own.
/// </summary>
public static class RelayEventIds
{
    /// <summary>The relay takes mail.</summary>
    public const int Started = 1001;

    /// <summary>The relay takes no more mail and finishes what is in flight.</summary>
    public const int Stopping = 1002;

    /// <summary>The relay has ended in good order.</summary>
    public const int Stopped = 1003;

    /// <summary>The host name is not fully qualified.</summary>
    public const int HostNameNotQualified = 1004;

    /// <summary>SIGHUP came, and the files were read again.</summary>
    public const int Reloaded = 1005;

    /// <summary>A setting is taken that is seldom meant.</summary>
    public const int ConfigurationWarned = 1006;

    /// <summary>A message was accepted.</summary>
    public const int Received = 2101;

    /// <summary>A message could not be kept while it arrived.</summary>
    public const int SpoolFailed = 2102;

    /// <summary>A connection was turned away by a limit.</summary>
    public const int ConnectionRefused = 2103;

    /// <summary>A changed certificate is in use.</summary>
    public const int CertificateLoaded = 2104;

    /// <summary>A changed certificate cannot be used; the old one stays.</summary>
    public const int CertificateUnusable = 2105;

    /// <summary>A client asked for what it may not have.</summary>
    public const int RelayDenied = 2106;

    /// <summary>A client proved to be a user.</summary>
    public const int Authenticated = 2110;

    /// <summary>A client did not prove to be a user.</summary>
    public const int AuthFailed = 2111;

    /// <summary>The accounts were read.</summary>
    public const int AccountsLoaded = 2112;

    /// <summary>The accounts cannot be used; clients are asked to come back.</summary>
    public const int AccountsUnusable = 2113;

    /// <summary>The account of a session that had authenticated is gone, or has another password.</summary>
    public const int AuthEnded = 2114;

    /// <summary>From where accounts have authenticated cannot be read or written.</summary>
    public const int KnownClientsUnusable = 2115;

    /// <summary>A client met a limit on its messages.</summary>
    public const int ClientLimitReached = 2120;

    /// <summary>So many lines about a client were left out.</summary>
    public const int ClientLinesSuppressed = 2121;
}
