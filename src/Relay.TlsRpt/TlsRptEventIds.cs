namespace Relay.TlsRpt;

/// <summary>Numbers of the log events of TLS reports; operators alert on them, so none is ever reused.</summary>
public static class TlsRptEventIds
{
    /// <summary><c>report-sent</c>.</summary>
    public const int ReportSent = 8001;

    /// <summary><c>report-failed</c>.</summary>
    public const int ReportFailed = 8002;

    /// <summary><c>reports-not-mailed</c>: reports wait for a DKIM key.</summary>
    public const int ReportsNotMailed = 8003;

    /// <summary><c>report-suppressed</c>: mail to a destination bounced.</summary>
    public const int ReportSuppressed = 8004;

    /// <summary><c>report-counts-kept</c>: the store did not take the counts; they wait in memory.</summary>
    public const int ReportCountsKept = 8005;

    /// <summary><c>report-pass-failed</c>: making and sending reports broke off; it goes on in a minute.</summary>
    public const int ReportPassFailed = 8006;

    /// <summary><c>report-store-set-aside</c>.</summary>
    public const int ReportStoreSetAside = 8007;

    /// <summary><c>report-store-rescued</c>: so many rows of the damaged store are in the new one.</summary>
    public const int ReportStoreRescued = 8008;

    /// <summary><c>report-endpoint-unverified</c>: a report went to an endpoint whose certificate does not hold.</summary>
    public const int ReportEndpointUnverified = 7080;
}
