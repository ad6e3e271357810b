namespace Relay.Delivery.Observations;

/// <summary>The failure types of TLS reports that sessions and policies can come to (RFC 8460 §4.3).</summary>
public enum TlsResultType
{
    /// <summary><c>validation-failure</c>: anything about a session that has no type of its own.</summary>
    ValidationFailure = 0,

    /// <summary><c>starttls-not-supported</c>.</summary>
    StartTlsNotSupported,

    /// <summary><c>certificate-host-mismatch</c>.</summary>
    CertificateHostMismatch,

    /// <summary><c>certificate-expired</c>.</summary>
    CertificateExpired,

    /// <summary><c>certificate-not-trusted</c>.</summary>
    CertificateNotTrusted,

    /// <summary><c>sts-policy-fetch-error</c>: the policy could not be had.</summary>
    StsPolicyFetchError,

    /// <summary><c>sts-policy-invalid</c>: it was had and is none.</summary>
    StsPolicyInvalid,

    /// <summary><c>sts-webpki-invalid</c>: the policy host's certificate does not verify.</summary>
    StsWebPkiInvalid,
}
