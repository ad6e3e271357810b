namespace Relay.TlsRpt;

/// <summary>What reports say about their sender, and when and how they go out.</summary>
public sealed class TlsRptOptions
{
    /// <summary>Where these options stand in the configuration.</summary>
    public const string Section = "TlsRpt";

    /// <summary>False: nothing is counted and nothing is sent.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>organization-name of reports (RFC 8460 §4.4); null for the domain of <see cref="Contact"/>.</summary>
    public string? OrganizationName { get; init; }

    /// <summary>
    /// contact-info of reports: a mailbox that people read, whose domain is the submitter (RFC 8460 §4.4, §5.3); null for
    /// <c>postmaster@</c> and the relay's host name.
    /// </summary>
    public string? Contact { get; init; }

    /// <summary>Reverse-path of report mail, where its bounces come back to; null for <see cref="Contact"/>.</summary>
    public string? From { get; init; }

    /// <summary>When the reports on a day are due, counted from its end at midnight UTC, 0 to 23 h.</summary>
    public TimeSpan SendAt { get; init; } = TimeSpan.Zero;

    /// <summary>Reports are spread over this time behind <see cref="SendAt"/>, 0 to 12 h (RFC 8460 §4.1).</summary>
    public TimeSpan Jitter { get; init; } = TimeSpan.FromHours(4);

    /// <summary>
    /// True: no report on a day without failures, although RFC 8460 §4.2.1 means successes as a sign of life.
    /// </summary>
    public bool OnlyFailures { get; init; }

    /// <summary>How many days counts, reports and their state are kept for inspection, 2 to 400.</summary>
    public int RetainDays { get; init; } = 30;

    /// <summary>
    /// True: endpoints of reports, and MX hosts of report mail, may have loopback, private and link-local addresses.
    /// </summary>
    public bool AllowPrivateHosts { get; init; }

    /// <summary>
    /// PEM file of root certificates that replace the system's for endpoints of reports; null for those of <c>MtaSts:TrustedRootsFile</c>,
    /// and without these for the system's.
    /// </summary>
    public string? TrustedRootsFile { get; init; }

    /// <summary>
    /// How many destinations of one domain are served, 1 to 100 (RFC 8460 §7: a record may not make a flooder of the
    /// relay).
    /// </summary>
    public int MaxDestinations { get; init; } = 10;

    /// <summary>How many reports on one day are mailed to one mailbox, whatever domains they are on, 1 to 100000.</summary>
    public int MaxPerMailbox { get; init; } = 100;

    /// <summary>The key that signs report mail; without it none is mailed (RFC 8460 §3).</summary>
    public DkimKey Dkim { get; init; } = new();

    /// <summary>Where the signing key is and under what name its public half is published.</summary>
    public sealed class DkimKey
    {
        /// <summary>The signing domain, <c>d=</c>: that of <see cref="Contact"/>; null for it.</summary>
        public string? Domain { get; init; }

        /// <summary>The selector, <c>s=</c>; null for no key.</summary>
        public string? Selector { get; init; }

        /// <summary>PEM file with the private RSA key; null for no key.</summary>
        public string? KeyFile { get; init; }
    }
}
