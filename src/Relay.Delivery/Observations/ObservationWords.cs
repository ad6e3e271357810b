using System.Diagnostics;

namespace Relay.Delivery.Observations;

/// <summary>The words of RFC 8460 for what reports tell of.</summary>
public static class ObservationWords
{
    /// <summary>The word of a failure type that stands in a report (RFC 8460 §4.3).</summary>
    public static string ToWord(this TlsResultType type) => type switch
    {
        TlsResultType.ValidationFailure => "validation-failure",
        TlsResultType.StartTlsNotSupported => "starttls-not-supported",
        TlsResultType.CertificateHostMismatch => "certificate-host-mismatch",
        TlsResultType.CertificateExpired => "certificate-expired",
        TlsResultType.CertificateNotTrusted => "certificate-not-trusted",
        TlsResultType.StsPolicyFetchError => "sts-policy-fetch-error",
        TlsResultType.StsPolicyInvalid => "sts-policy-invalid",
        TlsResultType.StsWebPkiInvalid => "sts-webpki-invalid",
        _ => throw new UnreachableException(),
    };

    /// <summary>The word of a policy type that stands in a report (RFC 8460 §4.4).</summary>
    public static string ToWord(this ObservedPolicyType type) => type switch
    {
        ObservedPolicyType.NoPolicyFound => "no-policy-found",
        ObservedPolicyType.Sts => "sts",
        _ => throw new UnreachableException(),
    };
}
