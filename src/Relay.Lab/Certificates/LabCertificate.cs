using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Lab.Certificates;

/// <summary>A server certificate of the lab with its key and the chain its server sends.</summary>
public sealed class LabCertificate : IDisposable
{
    private readonly AsymmetricAlgorithm _key;
    private readonly X509Certificate2Collection _intermediates;

    internal LabCertificate(X509Certificate2 leaf, AsymmetricAlgorithm key, params X509Certificate2[] intermediates)
    {
        _key = key;
        _intermediates = [.. intermediates];
        Leaf = leaf;
        // Offline: the lab's servers ask nobody for intermediates or OCSP answers.
        Context = SslStreamCertificateContext.Create(leaf, _intermediates, offline: true);
    }

    /// <summary>The server's certificate with its private key.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>What an <see cref="SslStream"/> server takes: the leaf and the intermediates it sends.</summary>
    public SslStreamCertificateContext Context { get; }

    /// <summary>Leaf and intermediates in PEM, in the order servers send them.</summary>
    public string ChainPem =>
        string.Join('\n', _intermediates.Select(c => c.ExportCertificatePem()).Prepend(Leaf.ExportCertificatePem())) + "\n";

    /// <summary>The private key in PEM (PKCS #8).</summary>
    public string KeyPem => _key.ExportPkcs8PrivateKeyPem() + "\n";

    /// <summary>Writes chain and key for programs that read files.</summary>
    public void WritePem(string certificatePath, string keyPath)
    {
        File.WriteAllText(certificatePath, ChainPem);
        File.WriteAllText(keyPath, KeyPem);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Leaf.Dispose();
        _key.Dispose();
    }
}
