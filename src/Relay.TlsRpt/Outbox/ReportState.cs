namespace Relay.TlsRpt.Outbox;

/// <summary>
/// The words for what has become of a report and of its copies; they stand in the store and in listings.
/// </summary>
public static class ReportState
{
    /// <summary>The day goes on, or its report is not due yet.</summary>
    public const string Counting = "counting";

    /// <summary>DNS does not say where the report shall go; asked again for 24 hours.</summary>
    public const string DnsFailure = "dns-failure";

    /// <summary>The domain did not ask for reports.</summary>
    public const string NotWanted = "not-wanted";

    /// <summary>A day without failures, and <c>TlsRpt:OnlyFailures</c> is set.</summary>
    public const string OnlySuccesses = "only-successes";

    /// <summary>A day without any session (RFC 8460 §4.2.1).</summary>
    public const string NoSessions = "no-sessions";

    /// <summary>The report is made and its copies are on their way, or have come to their end.</summary>
    public const string Built = "built";

    /// <summary>A copy waits for its next try.</summary>
    public const string Pending = "pending";

    /// <summary>A copy is being handed over at this moment.</summary>
    public const string Sending = "sending";

    /// <summary>The destination has taken its copy; it never gets another.</summary>
    public const string Accepted = "accepted";

    /// <summary>The destination will not have it.</summary>
    public const string Refused = "refused";

    /// <summary>It could not be handed over for 24 hours (RFC 8460 §5.5).</summary>
    public const string Expired = "expired";

    /// <summary>The domain may not choose this destination, or it has had its share of reports on the day.</summary>
    public const string NotUsed = "not-used";

    /// <summary>Mail to this destination bounced lately.</summary>
    public const string Suppressed = "suppressed";

    /// <summary>Reports cannot be mailed without a DKIM key (RFC 8460 §3).</summary>
    public const string NoDkimKey = "no-dkim-key";
}
