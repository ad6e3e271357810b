using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using Relay.Mail;
using Relay.Sqlite;

namespace Relay.TlsRpt.Sending;

/// <summary>The RSA key that signs report mail: its file, and the records that publish it (RFC 6376 §3.6).</summary>
public sealed class SigningKey
{
    /// <summary>
    /// What follows the selector in the name of the second record. RFC 8460 §3 asks for a key of service type <c>tlsrpt</c>, and
    /// RFC 6376 §3.6.1 forbids ordinary mail to use a key of that type alone. The list <c>s=email:tlsrpt</c>, which says both, is
    /// legal, and yet there are verifiers that compare the whole of it with <c>email</c>. So the key is published twice, and each
    /// report bears a signature for each record: every verifier finds one that it can use.
    /// </summary>
    public const string ReportSelectorSuffix = "-tlsrpt";

    // RFC 8301 §3.2: signers use 1024 bits at least and should use 2048.
    private const int LeastBits = 1024;
    private const int Bits = 2048;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    // RFC 1035 §3.3: a character-string holds 255 octets; the zone file stays readable with fewer.
    private const int StringOctets = 200;

    // RFC 6376 §3.1: a selector is one or more labels.
    private static readonly SearchValues<char> SelectorCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.");

    private readonly string _pem;

    private SigningKey(string pem) => _pem = pem;

    /// <summary>Makes a new key of 2048 bits.</summary>
    public static SigningKey Create()
    {
        using var rsa = RSA.Create(Bits);
        return new SigningKey(rsa.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>Reads a key from a PEM file that nobody but its owner can read; false, with what is wrong and the remedy.</summary>
    public static bool TryRead(string file, [NotNullWhen(true)] out SigningKey? key, out string fault)
    {
        key = null;
        try
        {
            var mode = File.GetUnixFileMode(file);
            if ((mode & Others) != UnixFileMode.None)
            {
                fault = $"is open to its group or to all (mode {Convert.ToString((int)mode, 8).PadLeft(4, '0')}); chmod 600 {file}";
                return false;
            }

            var pem = File.ReadAllText(file);
            using var rsa = RSA.Create();
            rsa.ImportFromPem(pem);

            // Fails for a public key, which cannot sign.
            rsa.SignData([], HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
            fault = rsa.KeySize < LeastBits ? $"holds a key of {rsa.KeySize} bits; make one of 2048" : string.Empty;
            key = fault.Length == 0 ? new SigningKey(pem) : null;
            return key is not null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            fault = $"cannot be read: {failure.Message}";
            return false;
        }
        catch (Exception failure) when (failure is ArgumentException or CryptographicException)
        {
            fault = "holds no private RSA key in PEM without a password; make one with: relay dkim new DOMAIN SELECTOR";
            return false;
        }
    }

    /// <summary>Whether a text can be a selector, also with <see cref="ReportSelectorSuffix"/>.</summary>
    public static bool IsSelector(string text) =>
        !text.AsSpan().ContainsAnyExcept(SelectorCharacters)
        && DomainName.TryParse($"{text}{ReportSelectorSuffix}._domainkey", out _);

    /// <summary>Writes the key for its owner alone. Throws <see cref="IOException"/> when the file is there already.</summary>
    public void Save(string file)
    {
        using var stream = new FileStream(file, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = OwnerOnly,
        });
        stream.Write(Encoding.ASCII.GetBytes(_pem + "\n"));
        StableStorage.Flush(stream);
        StableStorage.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
    }

    /// <summary>The records to publish, in the form of a zone file (RFC 6376 §3.6.2.2).</summary>
    public IReadOnlyList<string> RecordsFor(DomainName domain, string selector)
    {
        using var rsa = Open();
        var key = "p=" + Convert.ToBase64String(rsa.ExportSubjectPublicKeyInfo());
        return
        [
            Record(domain, selector, "v=DKIM1; k=rsa; " + key),
            Record(domain, selector + ReportSelectorSuffix, "v=DKIM1; k=rsa; s=tlsrpt; " + key),
        ];
    }

    /// <summary>Signs octets with RSASSA-PKCS1-v1_5 and SHA-256 (RFC 6376 §3.3.2).</summary>
    internal byte[] Sign(ReadOnlySpan<byte> octets)
    {
        using var rsa = Open();
        return rsa.SignData(octets, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static string Record(DomainName domain, string selector, string text) =>
        $"{selector}._domainkey.{domain}. 3600 IN TXT ( {string.Join(' ', text.Chunk(StringOctets).Select(part => $"\"{new string(part)}\""))} )";

    private RSA Open()
    {
        var rsa = RSA.Create();
        rsa.ImportFromPem(_pem);
        return rsa;
    }
}
