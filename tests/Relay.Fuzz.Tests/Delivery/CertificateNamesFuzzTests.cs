using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;
using Relay.Tls;

namespace Relay.Fuzz.Tests.Delivery;

/// <summary>The subject alternative names in the certificate of a server, as DER.</summary>
public sealed class CertificateNamesFuzzTests : IDisposable
{
    private const string SubjectAlternativeName = "2.5.29.17";

    private static readonly X500DistinguishedName Subject = new("CN=x");

    private static readonly Gen<byte[]> Entry =
        from tag in Gen.Frequency((12, Gen.Constant((byte)0x82)), (2, Gen.Elements<byte>(0x81, 0x86, 0x87, 0xA0, 0xA4, 0x30, 0x02)))
        from name in Gen.Frequency(
            (12, Grammar.Mostly("mx.example.com", "*.example.com", "*", "*.", "*.*.com", "m*.example.com", "MX.Example.COM", "mx.example.com.", "", "a\r\nb", "\u0000", "mx.example.com\u0000.evil", "\u00FC", "xn--")),
            (1, Grammar.Run("x", 63, 64, 127, 128, 255, 256, 400)))
        from lie in Gen.Frequency((30, Gen.Constant(0)), (1, Gen.Elements(-1, 1, 127)))
        select Encoded(tag, name, lie);

    private static readonly Gen<byte[]> Names =
        from entries in Grammar.Times(0, 6, Entry)
        from lie in Gen.Frequency((20, Gen.Constant(0)), (1, Gen.Elements(-1, 1, 1000)))
        select Encoded(0x30, entries, lie);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    [Fact] // CERT-01, RFC 9525 §6.3
    public void Names_OfAnyDer_AreReadOrNoneAtAll() => FuzzRun.Of(new FuzzTarget(
        "certificate-names",
        [Encoded(0x30, [.. Encoded(0x82, "mx.example.com"u8.ToArray(), 0), .. Encoded(0x82, "*.example.com"u8.ToArray(), 0), .. Encoded(0x87, [192, 0, 2, 1], 0)], 0), [0x30, 0x00], [], [0x30, 0x80, 0x00, 0x00]],
        Names,
        Read)
    {
        Tokens = [[0x82], [0x30], [0x81], [0x84, 0x7F, 0xFF, 0xFF, 0xFF], [0x80], Grammar.Octets("*."), Grammar.Octets("\0"), Grammar.Octets("mx.example.com")],
        MaxLength = 8192,
    });

    public void Dispose() => _key.Dispose();

    private static byte[] Encoded(byte tag, byte[] content, int lie)
    {
        var length = Math.Max(0, content.Length + lie);
        return length < 128 ? [tag, (byte)length, .. content] : [tag, 0x82, (byte)(length >> 8), (byte)length, .. content];
    }

    private Reading Read(byte[] der)
    {
        var request = new CertificateRequest(Subject, _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509Extension(SubjectAlternativeName, der, critical: false));
        using var certificate = request.Create(
            Subject, new UnsignedCertificates(request.PublicKey), DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(1), [1]);
        var names = CertificateNames.Of(certificate);
        Assert.True(DomainName.TryParse("mx.example.com", out var host));
        var matched = names.Where(name => CertificateNames.Matches(name, host)).ToList();
        return new Reading(names.Count > 0, () =>
        {
            Assert.InRange(names.Count, 0, der.Length / 2);
            Assert.All(matched, name => Assert.True(name.ToLowerInvariant() is "mx.example.com" or "*.example.com", name));
            Assert.DoesNotContain(names, name => CertificateNames.Matches(name, DomainName.Root));
        });
    }
}
