namespace Relay.Tls;

/// <summary>
/// What PKIX verification found for the name the host must bear. Always formed, also where it does not decide.
/// </summary>
/// <param name="Faults">Every fault found; <see cref="CertificateFaults.None"/> when verified.</param>
/// <param name="Detail">For people: subject, names, dates or chain error that explain the faults; empty when
/// verified.</param>
public sealed record CertificateVerdict(CertificateFaults Faults, string Detail)
{
    /// <summary>A certificate that verified.</summary>
    public static CertificateVerdict Verified { get; } = new(CertificateFaults.None, string.Empty);

    /// <summary>A token from a closed set that says more about <see cref="CertificateFaults.NotTrusted"/>, for reports:
    /// <c>untrusted-root</c>; empty when there is nothing to add.</summary>
    public string Reason { get; init; } = string.Empty;

    /// <summary>The certificate is good for the name.</summary>
    public bool IsVerified => Faults == CertificateFaults.None;
}
