using System.Diagnostics;

namespace Relay.MtaSts.Evidence;

/// <summary>The words of RFC 8460 §4.3 for the failure types.</summary>
public static class TlsResultTypes
{
    /// <summary>The word that stands in a report.</summary>
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
}
