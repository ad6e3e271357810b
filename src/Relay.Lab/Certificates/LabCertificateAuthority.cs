using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Lab.Certificates;

/// <summary>
/// A certificate authority for one test: a root, an intermediate below it, and server certificates, good and bad. Keys
/// are ECDSA P-256 where nothing else is asked for, so that a test can afford an authority of its own.
/// </summary>
public sealed class LabCertificateAuthority : IDisposable
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuthentication = new("1.3.6.1.5.5.7.3.2");

    private readonly DateTimeOffset _now;
    private readonly Issuer _root;
    private readonly Issuer _intermediate;
    private readonly Issuer _expiredIntermediate;

    /// <summary>Makes the keys and certificates of the authority itself.</summary>
    /// <param name="name">Stands in the names of root and intermediate.</param>
    /// <param name="clock">What "expired" and "not yet valid" are measured against; the system's when null.</param>
    public LabCertificateAuthority(string name = "Lab", TimeProvider? clock = null)
    {
        _now = (clock ?? TimeProvider.System).GetUtcNow();
        _root = MakeAuthority($"CN={name} Root", null, _now.AddYears(-10), _now.AddYears(10));
        _intermediate = MakeAuthority($"CN={name} Intermediate", _root, _now.AddYears(-5), _now.AddYears(5));
        _expiredIntermediate = MakeAuthority($"CN={name} Old Intermediate", _root, _now.AddYears(-5), _now.AddDays(-1));
    }

    /// <summary>The root certificate, without its key.</summary>
    public X509Certificate2 Root => _root.Certificate;

    /// <summary>The root in PEM.</summary>
    public string RootPem => Root.ExportCertificatePem() + "\n";

    /// <summary>Writes the root for <c>TrustedRootsFile</c> settings and for external programs.</summary>
    public void WriteRootPem(string path) => File.WriteAllText(path, RootPem);

    /// <summary>A good certificate for DNS names; wildcards are allowed.</summary>
    public LabCertificate Issue(params string[] dnsNames) =>
        IssueFrom(_intermediate, Names(dnsNames), Current, _intermediate);

    /// <summary>As <see cref="Issue"/>, but it ended yesterday.</summary>
    public LabCertificate IssueExpired(params string[] dnsNames) =>
        IssueFrom(_intermediate, Names(dnsNames), (_now.AddDays(-60), _now.AddDays(-1)), _intermediate);

    /// <summary>As <see cref="Issue"/>, but it begins in twenty days, so that a clock some days ahead does not make it good.</summary>
    public LabCertificate IssueNotYetValid(params string[] dnsNames) =>
        IssueFrom(_intermediate, Names(dnsNames), (_now.AddDays(20), _now.AddDays(60)), _intermediate);

    /// <summary>Good in all but the name: it is for <c>wrong-name.test</c>.</summary>
    public LabCertificate IssueWrongName() => Issue("wrong-name.test");

    /// <summary>Bears the names, but vouches for itself.</summary>
    public LabCertificate IssueSelfSigned(params string[] dnsNames) => IssueFrom(null, Names(dnsNames), Current);

    /// <summary>
    /// The name stands in the subject's common name only; there is no subjectAltName (RFC 6125 §6.4.4).
    /// </summary>
    public LabCertificate IssueCommonNameOnly(string commonName) =>
        IssueFrom(_intermediate, new Subject($"CN={commonName}", null), Current, _intermediate);

    /// <summary>subjectAltName holds addresses and no DNS name.</summary>
    public LabCertificate IssueForAddresses(params IPAddress[] addresses)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var address in addresses)
        {
            names.AddIpAddress(address);
        }

        return IssueFrom(_intermediate, new Subject("CN=address", names.Build()), Current, _intermediate);
    }

    /// <summary>Good, but its server does not send the intermediate.</summary>
    public LabCertificate IssueWithoutIntermediate(params string[] dnsNames) =>
        IssueFrom(_intermediate, Names(dnsNames), Current);

    /// <summary>Current itself, below an intermediate that ended yesterday.</summary>
    public LabCertificate IssueUnderExpiredIssuer(params string[] dnsNames) =>
        IssueFrom(_expiredIntermediate, Names(dnsNames), Current, _expiredIntermediate);

    /// <summary>Its extended key usage allows client authentication only.</summary>
    public LabCertificate IssueForClients(params string[] dnsNames) =>
        IssueFrom(_intermediate, Names(dnsNames) with { Usage = ClientAuthentication }, Current, _intermediate);

    /// <summary>As <see cref="Issue"/>, for an RSA key, which key exchange by RSA needs.</summary>
    public LabCertificate IssueRsa(int bits, params string[] dnsNames)
    {
        var key = RSA.Create(bits);
        var subject = Names(dnsNames);
        var request = new CertificateRequest(subject.Name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        Describe(request, subject, X509KeyUsageFlags.DigitalSignature | X509KeyUsageFlags.KeyEncipherment);
        using var certificate = Sign(request, _intermediate, _intermediate.Key, Current.From, Current.To);
        return new LabCertificate(certificate.CopyWithPrivateKey(key), key, _intermediate.Certificate);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _root.Dispose();
        _intermediate.Dispose();
        _expiredIntermediate.Dispose();
    }

    private (DateTimeOffset From, DateTimeOffset To) Current => (_now.AddDays(-30), _now.AddDays(60));

    private static Subject Names(string[] dnsNames)
    {
        var names = new SubjectAlternativeNameBuilder();
        foreach (var name in dnsNames)
        {
            names.AddDnsName(name);
        }

        return new Subject($"CN={dnsNames[0].Replace("*", "any", StringComparison.Ordinal)}", names.Build());
    }

    private static Issuer MakeAuthority(string subject, Issuer? issuer, DateTimeOffset from, DateTimeOffset to)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        return new Issuer(Sign(request, issuer, key, from, to), key);
    }

    private static LabCertificate IssueFrom(
        Issuer? issuer, Subject subject, (DateTimeOffset From, DateTimeOffset To) validity, params Issuer[] sent)
    {
        var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject.Name, key, HashAlgorithmName.SHA256);
        Describe(request, subject, X509KeyUsageFlags.DigitalSignature);
        using var certificate = Sign(request, issuer, key, validity.From, validity.To);
        return new LabCertificate(certificate.CopyWithPrivateKey(key), key, [.. sent.Select(s => s.Certificate)]);
    }

    private static void Describe(CertificateRequest request, Subject subject, X509KeyUsageFlags usage)
    {
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([subject.Usage], critical: false));
        if (subject.AlternativeNames is { } names)
        {
            request.CertificateExtensions.Add(names);
        }
    }

    private static X509Certificate2 Sign(
        CertificateRequest request, Issuer? issuer, ECDsa key, DateTimeOffset from, DateTimeOffset to)
    {
        var ownKey = new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false);
        request.CertificateExtensions.Add(ownKey);
        request.CertificateExtensions.Add(issuer is null
            ? X509AuthorityKeyIdentifierExtension.CreateFromSubjectKeyIdentifier(ownKey)
            : X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer.Certificate, true, false));
        var serial = RandomNumberGenerator.GetBytes(16);
        serial[0] = (byte)((serial[0] & 0x7F) | 1); // positive and of full length
        // This form does not compare the dates with the issuer's, which bad chains need.
        return request.Create(
            issuer?.Certificate.SubjectName ?? request.SubjectName,
            X509SignatureGenerator.CreateForECDsa(issuer?.Key ?? key),
            from,
            to,
            serial);
    }

    private sealed record Subject(string Name, X509Extension? AlternativeNames)
    {
        public Oid Usage { get; init; } = ServerAuthentication;
    }

    private sealed record Issuer(X509Certificate2 Certificate, ECDsa Key) : IDisposable
    {
        public void Dispose()
        {
            Certificate.Dispose();
            Key.Dispose();
        }
    }
}
