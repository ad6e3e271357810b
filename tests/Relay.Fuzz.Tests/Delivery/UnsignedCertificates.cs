using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Fuzz.Tests.Delivery;

/// <summary>"Signs" without any cryptography: nothing here verifies a signature, and thousands are wanted.</summary>
internal sealed class UnsignedCertificates(PublicKey key) : X509SignatureGenerator
{
    // SEQUENCE { OBJECT IDENTIFIER 1.2.840.10045.4.3.2 }: ecdsa-with-SHA256.
    private static readonly byte[] Algorithm = [0x30, 0x0A, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];

    public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm) => Algorithm;

    public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) => [0x30, 0x06, 0x02, 0x01, 0x01, 0x02, 0x01, 0x01];

    protected override PublicKey BuildPublicKey() => key;
}
