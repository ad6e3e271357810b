using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Relay.Lab;
using Relay.Mail;

namespace Relay.Tls.Tests;

public class CertificateJudgeTests
{
    private const string Host = "mx.a.test";

    // Keys take long to make.
    private static readonly RSA Signer = RSA.Create(2048);

    private static readonly DateTimeOffset Now = new ManualClock().GetUtcNow();

    [Fact] // row cert-weak-signature; RFC 9325 §4.3
    public void Judge_ShortRsaKey_IsNotTrusted()
    {
        using var root = Root();
        using var key = RSA.Create(1024);
        using var leaf = Leaf(root, new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

        AssertNotTrusted("weak-signature-or-key", Judge(leaf, root));
    }

    [Fact] // row cert-signature-invalid; RFC 5280 §6.1.3
    public void Judge_SignatureDoesNotVerify_IsNotTrusted()
    {
        using var root = Root();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = Leaf(root, new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256));
        var octets = leaf.RawData;
        octets[^1] ^= 1;
        using var forged = X509CertificateLoader.LoadCertificate(octets);

        Assert.True(Judge(forged, root).Faults.HasFlag(CertificateFaults.NotTrusted));
    }

    [Fact] // row cert-name-constraints-violated; RFC 5280 §4.2.1.10
    public void Judge_IssuerMayNotNameTheHost_IsNotTrusted()
    {
        // NameConstraints { permittedSubtrees { dNSName "other.test" } }
        byte[] constraints = [0x30, 0x10, 0xA0, 0x0E, 0x30, 0x0C, 0x82, 0x0A, .. "other.test"u8];
        using var root = Root(new X509Extension("2.5.29.30", constraints, critical: true));
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = Leaf(root, new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256));

        Assert.Equal(CertificateFaults.NotTrusted, Judge(leaf, root).Faults);
    }

    [Theory] // CERT-06, RFC 5280 §4.2.1.9: an issuer is a certification authority, and no further down than its own issuer allows
    [InlineData(true, null, CertificateFaults.None)]
    [InlineData(false, null, CertificateFaults.NotTrusted)]
    [InlineData(true, 0, CertificateFaults.NotTrusted)]
    public void Judge_Issuer_IsHeldToItsBasicConstraints(bool isAuthority, int? depthUnderRoot, CertificateFaults expected)
    {
        using var root = Root(depthUnderRoot, []);
        using var issuer = Issuer(root, isAuthority);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = Leaf(issuer, new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256));

        Assert.Equal(expected, Judge(leaf, root, issuer).Faults);
    }

    [Theory] // RFC 9325 §4.3, RFC 4055 §3.1: RSASSA-PSS is as good as its hash
    [InlineData("SHA1", "weak-signature-or-key")]
    [InlineData("SHA256", "")]
    [InlineData("SHA512", "")]
    public void Judge_PssSignature_IsJudgedByItsHash(string hash, string reason)
    {
        using var root = Root(Signer);
        using var leaf = LeafSigned(root, new PssGenerator(Signer, hash));

        var verdict = Judge(leaf, root);

        Assert.Equal((reason.Length == 0, reason), (verdict.IsVerified, verdict.Reason));
    }

    [Theory] // RFC 4055 §3.1: hash and mask hash, SHA-1 where either is left out; what cannot be read is weak
    [InlineData("SHA256", "SHA256", true)]
    [InlineData("SHA384", "SHA384", true)]
    [InlineData("SHA256", "SHA1", false)]
    [InlineData("SHA256", null, false)]
    [InlineData("SHA1", "SHA256", false)]
    [InlineData(null, "SHA256", false)]
    [InlineData(null, null, false)]
    [InlineData("MD5", "SHA256", false)]
    [InlineData("none", "SHA256", false)]
    public void PssParameters_OfACertificate_AreStrongWhenBothHashesAre(string? hash, string? maskHash, bool areStrong)
    {
        using var root = Root(Signer);
        using var leaf = LeafSigned(root, new PssGenerator(Signer, "SHA256") { Hash = hash, MaskHash = maskHash });

        Assert.Equal(areStrong, PssParameters.AreStrong(leaf.RawDataMemory));
    }

    [Theory] // RFC 9325 §4.3: a key for RSASSA-PSS alone, or on a short curve, is as short as any
    [InlineData("pss-1024", "weak-signature-or-key")]
    [InlineData("pss-2048", "")]
    [InlineData("curve-160", "weak-signature-or-key")]
    public void Judge_ShortKeyOfAnotherKind_IsNotTrusted(string kind, string reason)
    {
        using var root = Root();
        using var rsa = RSA.Create(kind == "pss-1024" ? 1024 : 2048);
        using var curve = kind == "curve-160" ? ECDsa.Create(ECCurve.CreateFromFriendlyName("brainpoolP160r1")) : null;
        var key = curve is null ? PssKey(rsa) : new PublicKey(curve);
        using var leaf = Leaf(root, new CertificateRequest(new X500DistinguishedName($"CN={Host}"), key, HashAlgorithmName.SHA256));

        Assert.Equal(reason, Judge(leaf, root).Reason);
    }

    [Fact] // a chain that was not built has no elements, and so no faults
    public void Judge_ChainWithoutElements_IsNotTrusted()
    {
        using var root = Root();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var leaf = Leaf(root, new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256));
        using var chain = new X509Chain();
        Assert.True(DomainName.TryParse(Host, out var name));

        AssertNotTrusted("incomplete-chain", CertificateJudge.Judge(leaf, chain, name, Now));
    }

    [Theory] // RFC 5280 §4.2.1.3
    [InlineData(X509KeyUsageFlags.KeyCertSign, "invalid-key-usage")]
    [InlineData(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, "invalid-key-usage")]
    [InlineData(X509KeyUsageFlags.NonRepudiation, "invalid-key-usage")]
    [InlineData(X509KeyUsageFlags.DigitalSignature, "")]
    [InlineData(X509KeyUsageFlags.KeyEncipherment, "")]
    [InlineData(X509KeyUsageFlags.KeyAgreement | X509KeyUsageFlags.KeyCertSign, "")]
    public void Judge_KeyUsage_MustAllowAServer(X509KeyUsageFlags usage, string reason)
    {
        using var root = Root();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509KeyUsageExtension(usage, critical: true));
        using var leaf = Leaf(root, request);

        Assert.Equal(reason, Judge(leaf, root).Reason);
    }

    [Fact] // row tls-no-server-certificate
    public void Judge_NoCertificate_IsNotTrusted()
    {
        Assert.True(DomainName.TryParse(Host, out var name));
        var verdict = CertificateJudge.Judge(null, null, name, Now);

        Assert.False(verdict.IsVerified);
        Assert.Equal("no-peer-certificate", verdict.Reason);
    }

    [Fact] // HARD-12, RFC 5322 §2.2
    public void Judge_NamesWithLineEnds_CannotReachLogs()
    {
        using var root = Root();
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=x", key, HashAlgorithmName.SHA256);
        // SubjectAltName { dNSName "a\r\nb" }
        request.CertificateExtensions.Add(
            new X509Extension("2.5.29.17", [0x30, 0x06, 0x82, 0x04, .. "a\r\nb"u8], critical: false));
        using var leaf = Leaf(root, request, hasNames: true);

        Assert.DoesNotContain(Judge(leaf, root).Detail, char.IsControl);
    }

    private static void AssertNotTrusted(string reason, CertificateVerdict verdict)
    {
        Assert.Equal(CertificateFaults.NotTrusted, verdict.Faults);
        Assert.Equal(reason, verdict.Reason);
    }

    private static CertificateVerdict Judge(X509Certificate2 leaf, X509Certificate2 root, params X509Certificate2[] issuers)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(root);
        chain.ChainPolicy.ExtraStore.AddRange(issuers);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        chain.ChainPolicy.VerificationTime = Now.UtcDateTime;
        chain.Build(leaf);
        Assert.True(DomainName.TryParse(Host, out var name));
        return CertificateJudge.Judge(leaf, chain, name, Now);
    }

    private static X509Certificate2 Root(params X509Extension[] extensions) => Root(null, extensions);

    private static X509Certificate2 Root(int? depth, X509Extension[] extensions)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Root", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, depth.HasValue, depth ?? 0, true));
        foreach (var extension in extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(1));
    }

    private static X509Certificate2 Root(RSA key)
    {
        var request = new CertificateRequest("CN=Root", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(Now.AddYears(-1), Now.AddYears(1));
    }

    // RFC 4055 §3.1: SubjectPublicKeyInfo with id-RSASSA-PSS and no parameters.
    private static PublicKey PssKey(RSA key)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            using (writer.PushSequence())
            {
                writer.WriteObjectIdentifier("1.2.840.113549.1.1.10");
            }

            writer.WriteBitString(key.ExportRSAPublicKey());
        }

        return PublicKey.CreateFromSubjectPublicKeyInfo(writer.Encode(), out _);
    }

    private static X509Certificate2 LeafSigned(X509Certificate2 root, X509SignatureGenerator generator)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Host);
        request.CertificateExtensions.Add(names.Build());
        return request.Create(root.SubjectName, generator, Now.AddDays(-1), Now.AddDays(1), [1, 2, 3]);
    }

    private static X509Certificate2 Issuer(X509Certificate2 root, bool isAuthority)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Issuer", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        using var signer = root.GetECDsaPrivateKey()!;
        using var issued = request.Create(
            root.SubjectName, X509SignatureGenerator.CreateForECDsa(signer), Now.AddDays(-2), Now.AddDays(2), [7]);
        return issued.CopyWithPrivateKey(key);
    }

    private static X509Certificate2 Leaf(X509Certificate2 root, CertificateRequest request, bool hasNames = false)
    {
        if (!hasNames)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(Host);
            request.CertificateExtensions.Add(names.Build());
        }

        using var key = root.GetECDsaPrivateKey()!;
        return request.Create(
            root.SubjectName, X509SignatureGenerator.CreateForECDsa(key), Now.AddDays(-1), Now.AddDays(1), [1, 2, 3]);
    }
}
