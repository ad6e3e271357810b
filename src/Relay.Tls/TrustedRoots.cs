using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Tls;

/// <summary>Root certificates from a PEM file, in place of the system's.</summary>
public static class TrustedRoots
{
    /// <summary>Reads a file; null, which stands for the system's roots, where none is named. Throws what reading and decoding throw.</summary>
    public static X509Certificate2Collection? Read(string? file)
    {
        if (file is null)
        {
            return null;
        }

        var roots = new X509Certificate2Collection();
        roots.ImportFromPemFile(file);
        return roots;
    }

    /// <summary>What is wrong with a setting that names such a file, with the remedy; null for nothing.</summary>
    /// <param name="key">The setting.</param>
    /// <param name="file">Its value.</param>
    public static string? FaultOf(string key, string? file)
    {
        try
        {
            return Read(file) is { Count: 0 }
                ? $"{key}: \"{file}\" holds no certificate; name a PEM file with BEGIN CERTIFICATE blocks"
                : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException)
        {
            return $"{key}: \"{file}\" cannot be read ({fault.Message}); "
                + "name a readable PEM file, or leave the key out for the system's roots";
        }
    }
}
