using System.Globalization;
using Relay.Interop.Tests;
using Relay.Interop.Tests.Programs;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Processes;

[assembly: AssemblyFixture(typeof(InteropLab))]

namespace Relay.Interop.Tests;

/// <summary>
/// The world of the interop tests, one for all: the relay between a Postfix that is every domain's MX and an NSD that knows
/// them. Each test uses recipients of its own.
/// </summary>
public sealed class InteropLab : IAsyncLifetime
{
    private static int _addresses;

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("relay-interop-");
    private readonly string? _missing =
        DebianProgram.WhyMissing(DebianProgram.Postfix, DebianProgram.Swaks, DebianProgram.NetSsleay, DebianProgram.Nsd, DebianProgram.DkimPython, DebianProgram.Curl);

    private LabCertificateAuthority? _authority;
    private PostfixInstance? _mx;
    private NameServer? _names;
    private Dkim? _dkim;
    private RelayProcess? _relay;

    /// <summary>The root that the certificates of relay and MX come from, in PEM.</summary>
    internal string RootFile => Path.Combine(_directory.FullName, "root.pem");

    /// <summary>The MX of all domains.</summary>
    internal PostfixInstance Mx => _mx!;

    /// <summary>The name server.</summary>
    internal NameServer Names => _names!;

    /// <summary>The signer whose key the name server has.</summary>
    internal Dkim Dkim => _dkim!;

    /// <summary>The relay; its first listener offers STARTTLS.</summary>
    internal RelayProcess Relay => _relay!;

    /// <summary>The relay's listener that begins with TLS.</summary>
    internal int ImplicitTlsPort { get; private set; }

    /// <summary>A directory for a test, which others than root may enter.</summary>
    internal string NewDirectory(string name) => _directory.CreateSubdirectory(name).FullName;

    /// <summary>An address nobody else uses.</summary>
    internal static string NewRecipient(string domain) =>
        string.Create(CultureInfo.InvariantCulture, $"user{Interlocked.Increment(ref _addresses)}@{domain}");

    /// <summary>Skips the test where a program is missing. Every test calls it first.</summary>
    internal void Require() => Assert.SkipWhen(_missing is not null, _missing ?? string.Empty);

    public async ValueTask InitializeAsync()
    {
        if (_missing is not null)
        {
            return;
        }

        // Postfix' own users go through it.
        File.SetUnixFileMode(_directory.FullName, (UnixFileMode)0b111_101_101);
        _authority = new LabCertificateAuthority("Interop");
        _authority.WriteRootPem(RootFile);
        _dkim = new Dkim(_directory.FullName);
        _names = await NameServer.StartAsync(Path.Combine(_directory.FullName, "nsd"), ZoneRecords + BigRecords + _dkim.Record, CancellationToken.None);
        var (certificate, key) = WriteCertificate("mx.remote.test");
        var mx = $"""
            virtual_mailbox_domains = static:any
            virtual_mailbox_maps = static:inbox/
            smtpd_relay_restrictions = permit_mynetworks, reject
            smtputf8_enable = yes
            smtpd_tls_security_level = may
            smtpd_tls_cert_file = {certificate}
            smtpd_tls_key_file = {key}
            smtpd_tls_loglevel = 1
            smtpd_tls_received_header = yes
            """;
        _mx = await PostfixInstance.StartAsync(NewDirectory("mx"), "mx.remote.test", mx, string.Empty, CancellationToken.None);
        _relay = await StartRelayAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var running in (IAsyncDisposable?[])[_relay, _mx, _names])
        {
            await (running?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        _dkim?.Dispose();
        _authority?.Dispose();
        _directory.Delete(recursive: true);
    }

    private async Task<RelayProcess> StartRelayAsync()
    {
        var directory = NewDirectory("relay");
        var (certificate, key) = WriteCertificate("relay.client.test");
        ImplicitTlsPort = LoopbackPort.Take();
        var settings = RelayProcess.LabSettings(directory, Names.Address, Mx.Port);
        settings["Relay:Listeners:0:Tls"] = "StartTls";
        settings["Relay:Listeners:1:Address"] = $"127.0.0.1:{ImplicitTlsPort}";
        settings["Relay:Listeners:1:Tls"] = "Implicit";
        settings["Relay:Certificate:CertificateFile"] = certificate;
        settings["Relay:Certificate:KeyFile"] = key;
        settings["Delivery:TrustedRootsFile"] = RootFile;
        return await RelayProcess.StartAsync(directory, settings, CancellationToken.None);
    }

    private (string Certificate, string Key) WriteCertificate(string name)
    {
        var (certificate, key) = (Path.Combine(_directory.FullName, name + ".crt"), Path.Combine(_directory.FullName, name + ".key"));
        using var issued = _authority!.Issue(name);
        issued.WritePem(certificate, key);
        return (certificate, key);
    }

    private const string ZoneRecords = """
        relay.client A 127.0.0.1
        mx.remote A 127.0.0.1
        remote MX 10 mx.remote
        alias CNAME remote
        implicit A 127.0.0.1
        many MX 10 dead.many
        many MX 20 mx.remote
        dead.many A 127.0.0.9
        six MX 10 mx.six
        mx.six AAAA ::1
        null MX 0 .
        chain1 CNAME chain2
        chain2 CNAME chain3
        chain3 MX 5 mx.remote
        *.wild MX 10 mx.remote
        xn--bcher-kva MX 10 mx.remote
        text TXT "one" "two" "three; with \"quotes\""
        _25._tcp.mx.remote TLSA 3 1 1 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef

        """;

    // Forty records do not fit into one datagram: the answer comes truncated, and whole over TCP.
    private static readonly string BigRecords = string.Concat(
        Enumerable.Range(1, 40).Select(i => $"big TXT \"{i}\" \"{new string('x', 120)}\"\n"));
}
