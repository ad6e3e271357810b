using System.Globalization;
using System.IO.Compression;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Dns;
using Relay.Interop.Tests.Programs;
using Relay.Lab.Certificates;
using Relay.Mail;
using Relay.TlsRpt;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Sending;

namespace Relay.Interop.Tests;

/// <summary>Reports, read by programs that are not ours.</summary>
public sealed class TlsReportTests(InteropLab lab)
{
    private static readonly byte[] Json = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "vectors", "tlsrpt-report.example.json"));

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact] // RPT-36, RPT-41, RPT-43, RPT-44, RFC 8460 §3, §5.3
    public async Task ReportByMail_ThroughTheRelayToPostfix_BearsSignaturesThatEveryVerifierAccepts()
    {
        Require();
        var directory = lab.NewDirectory("dkim-" + Guid.NewGuid().ToString("N"));
        var keyFile = Path.Combine(directory, "rpt1.pem");
        var records = await NewKeyAsync(keyFile);
        await using var names = await NameServer.StartAsync(Path.Combine(directory, "nsd"), records, Cancelled);
        var recipient = InteropLab.NewRecipient("remote.test");
        var octets = MailWith(keyFile).Write(Report(), recipient);

        var (exitCode, transcript) = await Swaks.SendAsync(lab.Relay.EndPoint.Port, recipient, octets, "--tls");

        Assert.True(exitCode == 0, transcript);
        var arrived = await lab.Mx.ReceiveAsync(recipient, Cancelled);
        arrived.AssertUnchanged(octets);
        Assert.True(await Dkim.VerifyAsync(arrived.Octets, names, Cancelled));
        Assert.Equal(["reports.test rpt1 pass", "reports.test rpt1-tlsrpt invalid"], (await PerlVerdictsAsync(arrived.Octets, names)).Order());
    }

    [Fact] // RPT-44, RFC 6376 §3.6.1: the key of service type tlsrpt, for a verifier of reports
    public async Task ReportSignature_OfTheReportKey_HoldsForAVerifierOfReports()
    {
        Require();
        var directory = lab.NewDirectory("dkim-" + Guid.NewGuid().ToString("N"));
        var keyFile = Path.Combine(directory, "rpt1.pem");
        var records = await NewKeyAsync(keyFile);
        await using var names = await NameServer.StartAsync(Path.Combine(directory, "nsd"), records, Cancelled);
        var octets = MailWith(keyFile).Write(Report(), "tls@remote.test");

        var (exitCode, verdict, error) = await DebianProgram.RunAsync(
            "/usr/bin/python3", ["-c", VerifyReport, names.Port.ToString(CultureInfo.InvariantCulture)], octets, Cancelled);

        Assert.True(exitCode == 0, error);
        Assert.True(verdict.AsSpan().StartsWith("True"u8));
    }

    [Theory] // RPT-46, RPT-47, RPT-49, RPT-33, RPT-22, RFC 8460 §5.2, §5.4
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReportByHttps_ToNginx_ArrivesAsAPackedReport(bool isTrusted)
    {
        Require();
        var directory = lab.NewDirectory("nginx-" + Guid.NewGuid().ToString("N"));
        using var authority = new LabCertificateAuthority("Endpoint");
        using var otherAuthority = new LabCertificateAuthority("Other");
        authority.WriteRootPem(Path.Combine(directory, "root.pem"));
        var (certificate, key) = (Path.Combine(directory, "endpoint.crt"), Path.Combine(directory, "endpoint.key"));
        using (var issued = (isTrusted ? authority : otherAuthority).Issue("mx.remote.test"))
        {
            issued.WritePem(certificate, key);
        }

        await using var endpoint = await WebEndpoint.StartAsync(directory, certificate, key, Cancelled);
        await using var services = ServicesFor(directory);

        var dispatch = await services.GetRequiredService<IReportPoster>().PostAsync(
            Report(), new Uri($"https://mx.remote.test:{endpoint.Port}/v1/tlsrpt"), Cancelled);

        Assert.Equal("HTTP status 201", Assert.IsType<ReportDispatch.Accepted>(dispatch).Detail);
        var request = await endpoint.RequestAsync(Cancelled);
        Assert.Equal(1, endpoint.Requests);
        Assert.Equal(["POST", "/v1/tlsrpt", "application/tlsrpt+gzip", "-"], request[..4]);
        var packed = await File.ReadAllBytesAsync(request[4], Cancelled);
        var (tested, _, complaint) = await DebianProgram.RunAsync("/bin/gzip", ["--test", "--verbose"], packed, Cancelled);
        Assert.True(tested == 0, complaint);
        var (_, json, _) = await DebianProgram.RunAsync("/bin/gzip", ["--decompress", "--stdout"], packed, Cancelled);
        Assert.Equal(Json, json);
        var (valid, _, fault) = await DebianProgram.RunAsync(
            "/usr/bin/python3", ["-c", Validate, Path.Combine(AppContext.BaseDirectory, "vectors", "tlsrpt-report.schema.json")], json, Cancelled);
        Assert.True(valid == 0, fault);
    }

    [Fact] // relay dkim new: the file is its owner's alone and never written over
    public async Task DkimNew_Twice_KeepsTheFirstKey()
    {
        Require();
        var keyFile = Path.Combine(lab.NewDirectory("dkim-" + Guid.NewGuid().ToString("N")), "rpt1.pem");
        await NewKeyAsync(keyFile);
        var first = await File.ReadAllTextAsync(keyFile, Cancelled);

        var (exitCode, _, error) = await RunRelayAsync("dkim", "new", "reports.test", "rpt1", "--out", keyFile);

        Assert.Equal(2, exitCode);
        Assert.Contains("was not written", error, StringComparison.Ordinal);
        Assert.Equal(first, await File.ReadAllTextAsync(keyFile, Cancelled));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(keyFile));
    }

    private void Require()
    {
        lab.Require();
        var missing = DebianProgram.WhyMissing(DebianProgram.Nginx, DebianProgram.DkimPerl, DebianProgram.JsonSchema);
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
    }

    // All that it prints goes into the zone file: the text around the records is comments.
    private static async Task<string> NewKeyAsync(string keyFile)
    {
        var (exitCode, output, error) = await RunRelayAsync("dkim", "new", "reports.test", "rpt1", "--out", keyFile);
        Assert.True(exitCode == 0, error);
        return output;
    }

    private static async Task<(int ExitCode, string Output, string Error)> RunRelayAsync(params string[] arguments)
    {
        var (exitCode, output, error) = await DebianProgram.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "relay"), arguments, [], Cancelled);
        return (exitCode, System.Text.Encoding.UTF8.GetString(output), error);
    }

    private static ReportMailComposer MailWith(string keyFile) => new(
        Options.Create(new TlsRptOptions { Dkim = new() { Domain = "reports.test", Selector = "rpt1", KeyFile = keyFile } }), TimeProvider.System);

    private static async Task<IReadOnlyList<string>> PerlVerdictsAsync(byte[] message, NameServer names)
    {
        var (exitCode, output, error) = await DebianProgram.RunAsync(
            "/usr/bin/perl", ["-e", VerifyMail, names.Port.ToString(CultureInfo.InvariantCulture)], message, Cancelled);
        Assert.True(exitCode == 0, error);
        return System.Text.Encoding.ASCII.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    private ServiceProvider ServicesFor(string directory)
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Relay:DataDirectory", directory),
            new("Dns:Servers:0", lab.Names.Address),
            new("MtaSts:TrustedRootsFile", Path.Combine(directory, "root.pem")),
            new("TlsRpt:AllowPrivateHosts", "true"),
        ]).Build();
        return new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration).AddLogging().AddRelayDns().AddTlsRpt(configuration).BuildServiceProvider();
    }

    private static TlsReportDocument Report()
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.SmallestSize))
        {
            gzip.Write(Json);
        }

        return new TlsReportDocument(
            "20261122.remote.test.7f3c21@reports.test", new DateOnly(2026, 11, 22), Name("remote.test"), Json, packed.ToArray(),
            "TLS results for remote.test,  22 November 2026 \n\nsessions:\t4\n\n")
        {
            Submitter = Name("reports.test"),
            Contact = "tls@reports.test",
        };
    }

    private static DomainName Name(string text) => DomainName.TryParse(text, out var name) ? name : throw new ArgumentException(text, nameof(text));

    private const string Validate = """
        import sys, json, jsonschema
        schema = json.load(open(sys.argv[1]))
        jsonschema.Draft202012Validator.check_schema(schema)
        jsonschema.Draft202012Validator(schema).validate(json.load(sys.stdin))
        """;

    // The second signature is that of the report key.
    private const string VerifyReport = """
        import sys, dkim, dns.resolver
        server = dns.resolver.Resolver(configure=False)
        server.nameservers, server.port = ['127.0.0.1'], int(sys.argv[1])
        def key(name, timeout=5):
            return b''.join(server.resolve(name.decode(), 'TXT')[0].strings)
        print(dkim.DKIM(sys.stdin.buffer.read(), tlsrpt='strict').verify(idx=1, dnsfunc=key))
        """;

    private const string VerifyMail = """
        use strict; use Mail::DKIM::Verifier; use Mail::DKIM::DNS; use Net::DNS;
        Mail::DKIM::DNS::resolver(Net::DNS::Resolver->new(config_file => '/dev/null', nameservers => ['127.0.0.1'], port => $ARGV[0]));
        my $dkim = Mail::DKIM::Verifier->new();
        while (<STDIN>) { s/\r?\n$/\r\n/; $dkim->PRINT($_); }
        $dkim->CLOSE;
        for my $signature ($dkim->signatures) { print join(' ', $signature->domain, $signature->selector, $signature->result), "\n"; }
        """;
}
