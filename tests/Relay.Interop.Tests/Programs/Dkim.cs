using System.Globalization;
using System.Security.Cryptography;

namespace Relay.Interop.Tests.Programs;

/// <summary>DKIM signing and verifying by the Python implementation (Debian's python3-dkim), the key coming from DNS.</summary>
internal sealed class Dkim : IDisposable
{
    private const string Python = "/usr/bin/python3";

    private const string SignScript = """
        import sys, dkim
        message, key, how = sys.stdin.buffer.read(), open(sys.argv[1], 'rb').read(), sys.argv[2].encode()
        sys.stdout.buffer.write(dkim.sign(message, b'lab', b'client.test', key, canonicalize=(how, how)))
        """;

    private const string VerifyScript = """
        import sys, dkim, dns.resolver
        server = dns.resolver.Resolver(configure=False)
        server.nameservers, server.port = ['127.0.0.1'], int(sys.argv[1])
        def key(name, timeout=5):
            return b''.join(server.resolve(name.decode(), 'TXT')[0].strings)
        print(dkim.verify(sys.stdin.buffer.read(), dnsfunc=key))
        """;

    private readonly RSA _key = RSA.Create(2048);
    private readonly string _keyFile;

    public Dkim(string directory)
    {
        _keyFile = Path.Combine(directory, "dkim.pem");
        File.WriteAllText(_keyFile, _key.ExportRSAPrivateKeyPem());
    }

    /// <summary>The key record, as a line of the zone <c>test</c>.</summary>
    public string Record
    {
        get
        {
            // A character-string holds 255 octets at most (RFC 6376 §3.6.2.2).
            var strings = $"v=DKIM1; k=rsa; p={Convert.ToBase64String(_key.ExportSubjectPublicKeyInfo())}".Chunk(200);
            return "lab._domainkey.client TXT " + string.Join(' ', strings.Select(part => $"\"{new string(part)}\""));
        }
    }

    /// <summary>The message with a DKIM-Signature field in front.</summary>
    /// <param name="message">Lines ending in CRLF.</param>
    /// <param name="canonicalization"><c>simple</c>, which forgives nothing, or <c>relaxed</c>; for header and body.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<byte[]> SignAsync(byte[] message, string canonicalization, CancellationToken cancellationToken)
    {
        var (exitCode, signature, error) = await DebianProgram.RunAsync(
            Python, ["-c", SignScript, _keyFile, canonicalization], message, cancellationToken);
        Assert.True(exitCode == 0, error);
        return [.. signature, .. message];
    }

    /// <summary>The signature of a message holds.</summary>
    public static async Task<bool> VerifyAsync(byte[] message, NameServer dns, CancellationToken cancellationToken)
    {
        var (exitCode, verdict, error) = await DebianProgram.RunAsync(
            Python, ["-c", VerifyScript, dns.Port.ToString(CultureInfo.InvariantCulture)], message, cancellationToken);
        Assert.True(exitCode == 0, error);
        return verdict.AsSpan().StartsWith("True"u8);
    }

    public void Dispose() => _key.Dispose();
}
