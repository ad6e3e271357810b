using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Tls.Tests;

/// <summary>Signs with RSASSA-PSS and any hash, and says of the signature what it is told: .NET's own does neither.</summary>
internal sealed class PssGenerator(RSA key, string hash) : X509SignatureGenerator
{
    private readonly string _signsWith = hash;

    /// <summary>The hash that the certificate names; null leaves it out, <c>none</c> names no hash at all.</summary>
    public string? Hash { get; init; } = hash;

    /// <summary>The mask's hash that the certificate names; null leaves it out.</summary>
    public string? MaskHash { get; init; } = hash;

    public override byte[] SignData(byte[] data, HashAlgorithmName hashAlgorithm) =>
        key.SignData(data, new HashAlgorithmName(_signsWith), RSASignaturePadding.Pss);

    // RFC 4055 §3.1: RSASSA-PSS-params
    public override byte[] GetSignatureAlgorithmIdentifier(HashAlgorithmName hashAlgorithm)
    {
        var writer = new AsnWriter(AsnEncodingRules.DER);
        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier("1.2.840.113549.1.1.10");
            using (writer.PushSequence())
            {
                WriteHash(writer, 0, Hash);
                if (MaskHash is not null)
                {
                    using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 1, isConstructed: true)))
                    using (writer.PushSequence())
                    {
                        writer.WriteObjectIdentifier("1.2.840.113549.1.1.8");
                        WriteIdentifier(writer, MaskHash);
                    }
                }

                using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, 2, isConstructed: true)))
                {
                    writer.WriteInteger(_signsWith switch { "SHA1" => 20, "SHA512" => 64, _ => 32 });
                }
            }
        }

        return writer.Encode();
    }

    protected override PublicKey BuildPublicKey() => new(key);

    private static void WriteHash(AsnWriter writer, int tag, string? name)
    {
        if (name is not null)
        {
            using (writer.PushSequence(new Asn1Tag(TagClass.ContextSpecific, tag, isConstructed: true)))
            {
                WriteIdentifier(writer, name);
            }
        }
    }

    private static void WriteIdentifier(AsnWriter writer, string name)
    {
        if (name == "none")
        {
            writer.WriteNull();
            return;
        }

        using (writer.PushSequence())
        {
            writer.WriteObjectIdentifier(CryptoConfig.MapNameToOID(name)!);
            writer.WriteNull();
        }
    }
}
