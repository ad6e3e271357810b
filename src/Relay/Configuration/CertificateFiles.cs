using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Relay.Configuration;

/// <summary>Reads the server certificate and its chain from PEM files.</summary>
internal static class CertificateFiles
{
    /// <summary>What came of reading the files.</summary>
    internal abstract record LoadResult
    {
        private LoadResult()
        {
        }

        /// <summary>Ready to serve.</summary>
        public sealed record Loaded(SslStreamCertificateContext Context) : LoadResult;

        /// <summary>Missing, unreadable, or not a pair.</summary>
        public sealed record Unusable(string Reason) : LoadResult;
    }

    /// <summary>Reads both files; both have to be set.</summary>
    public static LoadResult Load(CertificateOptions options)
    {
        try
        {
            using var pair = X509Certificate2.CreateFromPemFile(options.CertificateFile!, options.KeyFile!);
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(options.CertificateFile!);
            // Schannel and SslStream want a key that is not ephemeral; a PKCS #12 round trip makes one everywhere.
            var certificate = X509CertificateLoader.LoadPkcs12(pair.Export(X509ContentType.Pkcs12), null);
            // Offline: a server that downloads its own intermediates stalls its clients.
            return new LoadResult.Loaded(SslStreamCertificateContext.Create(certificate, chain, offline: true));
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException or CryptographicException
            or ArgumentException)
        {
            return new LoadResult.Unusable(fault.Message);
        }
    }
}
