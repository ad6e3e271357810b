namespace Relay.Tests.Enforcement;

/// <summary>The rows of the enforcement table that are not driven through the relay here, and why.</summary>
internal static class UncoveredRows
{
    private const string NoRevocation = "revocation is not checked (RFC 8461 §10.5, MAY)";
    private const string Requiretls = "REQUIRETLS and TLS-Required are not part of the relay (RFC 8689)";
    private const string CertificatesOfJudge = "SslStream servers cannot show it: CertificateJudgeTests and SessionTableTests judge it";

    public static IReadOnlyDictionary<string, string> Reasons { get; } = new Dictionary<string, string>
    {
        ["tls-no-server-certificate"] = "the relay offers no anonymous suite; SessionTableTests judge the session",
        ["cert-extra-or-misordered-chain"] = CertificatesOfJudge,
        ["cert-name-constraints-violated"] = CertificatesOfJudge,
        ["cert-weak-signature"] = CertificatesOfJudge,
        ["cert-signature-invalid"] = CertificatesOfJudge,
        ["cert-revoked"] = NoRevocation,
        ["cert-revocation-unknown"] = NoRevocation,
        ["policy-webpki-revoked"] = NoRevocation,
        ["queue-lifetime-reached-policy-failure"] = "PolicyChangeTests: it takes the queue's lifetime",
        ["policy-updated-during-retries"] = "PolicyChangeTests: it takes retries",
        ["tls-required-no-cert-invalid"] = Requiretls,
        ["tls-required-no-starttls-missing"] = Requiretls,
        ["requiretls-not-supported"] = Requiretls,
        ["requiretls-no-tls"] = Requiretls,
        ["tls-report-mail-policy-failure"] = "reports are not sent yet",
    };

    /// <summary>DANE is an issue of its own.</summary>
    public static bool IsOutOfScope(EnforcementRow row) => row.Scope == "dane" || Reasons.ContainsKey(row.Event);
}
