namespace Relay.Configuration;

/// <summary><c>Relay:Certificate</c>: PEM files, read again when they change.</summary>
internal sealed class CertificateOptions
{
    /// <summary>The certificate and the intermediates behind it.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>Its private key, not encrypted.</summary>
    public string? KeyFile { get; init; }

    /// <summary>A certificate was named.</summary>
    public bool IsSet => CertificateFile is not null || KeyFile is not null;
}
