using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Relay.Mail;

namespace Relay.Tls;

/// <summary>Compares the DNS names of a certificate with the name a host must bear (RFC 9525 §6.3).</summary>
internal static class CertificateNames
{
    /// <summary>
    /// The DNS names among the subject alternative names; empty when there are none or they cannot be read.
    /// </summary>
    public static IReadOnlyList<string> Of(X509Certificate2 certificate)
    {
        foreach (var extension in certificate.Extensions)
        {
            if (extension is X509SubjectAlternativeNameExtension names)
            {
                try
                {
                    // RFC 9525 §2: the common name is no identity, so nothing else is looked at.
                    return [.. names.EnumerateDnsNames()];
                }
                catch (CryptographicException)
                {
                    // The peer's certificate is input: names that cannot be decoded match nothing.
                    return [];
                }
            }
        }

        return [];
    }

    /// <summary>One name of a certificate matches the host.</summary>
    public static bool Matches(ReadOnlySpan<char> presented, DomainName host)
    {
        var reference = host.Value.AsSpan();
        if (reference.IsEmpty)
        {
            return false;
        }

        if (!presented.StartsWith("*."))
        {
            // RFC 9525 §6.3: label by label, ASCII case aside; a `*` inside a label is an ordinary character that no
            // host has.
            return presented.Equals(reference, StringComparison.OrdinalIgnoreCase);
        }

        // RFC 9525 §6.3: a wildcard is the whole left-most label and stands for exactly one.
        var dot = reference.IndexOf('.');
        return dot > 0
            && !presented[2..].Contains('*')
            && presented[2..].Equals(reference[(dot + 1)..], StringComparison.OrdinalIgnoreCase);
    }
}
