using System.Formats.Asn1;

namespace Relay.Tls;

/// <summary>Reads with what hashes a certificate's RSASSA-PSS signature was made (RFC 4055 §3.1); its identifier does not tell.</summary>
internal static class PssParameters
{
    private static readonly Asn1Tag HashAlgorithm = new(TagClass.ContextSpecific, 0, isConstructed: true);
    private static readonly Asn1Tag MaskGeneration = new(TagClass.ContextSpecific, 1, isConstructed: true);

    /// <summary>Both hashes, of the message and of the mask, are SHA-256 or stronger; what cannot be read is not.</summary>
    public static bool AreStrong(ReadOnlyMemory<byte> certificate)
    {
        try
        {
            // RFC 5280 §4.1: Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }
            var reader = new AsnReader(certificate, AsnEncodingRules.DER).ReadSequence();
            reader.ReadEncodedValue();
            var algorithm = reader.ReadSequence();
            algorithm.ReadObjectIdentifier();
            var parameters = algorithm.ReadSequence();

            // RFC 4055 §3.1: either field is SHA-1 where it is left out.
            return IsNext(parameters, HashAlgorithm)
                && IsStrong(parameters.ReadSequence(HashAlgorithm).ReadSequence())
                && IsNext(parameters, MaskGeneration)
                && IsStrong(MaskHash(parameters.ReadSequence(MaskGeneration)));
        }
        catch (AsnContentException)
        {
            return false;
        }
    }

    private static bool IsNext(AsnReader parameters, Asn1Tag field) =>
        parameters.HasData && parameters.PeekTag().HasSameClassAndValue(field);

    // MaskGenAlgorithm ::= AlgorithmIdentifier { id-mgf1, HashAlgorithm }
    private static AsnReader MaskHash(AsnReader field)
    {
        var generator = field.ReadSequence();
        generator.ReadObjectIdentifier();
        return generator.ReadSequence();
    }

    private static bool IsStrong(AsnReader hash) => hash.ReadObjectIdentifier() is
        "2.16.840.1.101.3.4.2.1" or "2.16.840.1.101.3.4.2.2" or "2.16.840.1.101.3.4.2.3"; // SHA-256, SHA-384, SHA-512
}
