using System.Globalization;
using System.Text;
using Relay.Interop.Tests.Programs;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Mx;
using Relay.Lab.Processes;

namespace Relay.Interop.Tests;

/// <summary>Clients that others wrote authenticate and submit mail; the account is made by the command.</summary>
public sealed class SubmissionClientTests : IAsyncLifetime
{
    private const string Password = "Größe 7+/=";

    private readonly string _directory = Directory.CreateTempSubdirectory("relay-submission").FullName;
    private readonly LabDnsServer _dns = LabDnsServer.Start();
    private readonly LabCertificateAuthority _authority = new();
    private LabMx? _mx;
    private RelayProcess? _relay;
    private int _implicitPort;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string RootFile => Path.Combine(_directory, "root.pem");

    [Theory] // SUB-10, SUB-12: RFC 4954 §4, RFC 8314 §3.3
    [InlineData("smtps", "AUTH=PLAIN", "PLAIN")]
    [InlineData("smtps", "AUTH=LOGIN", "LOGIN")]
    [InlineData("smtp", "AUTH=PLAIN", "PLAIN")]
    [InlineData("smtp", "AUTH=LOGIN", "LOGIN")]
    public async Task Curl_WithUser_IsAuthenticatedAndRelayed(string scheme, string options, string mechanism)
    {
        var port = scheme == "smtps" ? _implicitPort : _relay!.EndPoint.Port;

        var (exitCode, transcript) = await CurlAsync(scheme, port, options, Password);

        Assert.True(exitCode == 0, transcript);
        await _relay!.WaitForEventAsync("authenticated", $"user=app@client.test mechanism={mechanism}", Cancel);
        var message = (await _mx!.WaitForMessagesAsync(1, Cancel))[0];
        Assert.Contains(" with ESMTPSA ", message.Text, StringComparison.Ordinal);
    }

    [Fact] // SUB-15
    public async Task Curl_WithAWrongPassword_IsRefused()
    {
        var (exitCode, transcript) = await CurlAsync("smtps", _implicitPort, "AUTH=PLAIN", "wrong");

        Assert.True(exitCode == 67, transcript); // curl: login denied
        await _relay!.WaitForEventAsync("auth-failed", "reason=wrong-password", Cancel);
    }

    [Theory]
    [InlineData("--tls", "PLAIN")]
    [InlineData("--tls", "LOGIN")]
    [InlineData("--tls-on-connect", "PLAIN")]
    public async Task Swaks_WithAuth_IsAuthenticatedAndRelayed(string tls, string mechanism)
    {
        SkipWithout(DebianProgram.Swaks, DebianProgram.NetSsleay);
        var port = tls == "--tls" ? _relay!.EndPoint.Port : _implicitPort;

        var (exitCode, transcript) = await Swaks.SendAsync(
            port, "ann@remote.test", SampleMessages.Get("plain"), tls, "--auth", mechanism, "--auth-user", "app@client.test", "--auth-password", Password);

        Assert.True(exitCode == 0, transcript);
        Assert.Contains(" with ESMTPSA ", (await _mx!.WaitForMessagesAsync(1, Cancel))[0].Text, StringComparison.Ordinal);
    }

    [Fact] // SUB-11: swaks sees no AUTH to use in clear
    public async Task Swaks_WithAuthInClear_FindsNone()
    {
        SkipWithout(DebianProgram.Swaks);

        var (exitCode, transcript) = await Swaks.SendAsync(
            _relay!.EndPoint.Port, "ann@remote.test", SampleMessages.Get("plain"), "--auth", "PLAIN", "--auth-user", "app@client.test", "--auth-password", Password);

        Assert.True(exitCode == 28, transcript); // swaks: no authentication type in common
    }

    public async ValueTask InitializeAsync()
    {
        SkipWithout(DebianProgram.Curl);
        _authority.WriteRootPem(RootFile);
        _mx = LabMx.Start(new MxBehavior { HostName = "mx.remote.test" });
        _dns.Zone.AddMx("remote.test", 10, "mx.remote.test");
        _dns.Zone.AddA("mx.remote.test", _mx.EndPoint.Address.ToString());
        var (certificate, key) = (Path.Combine(_directory, "relay.crt"), Path.Combine(_directory, "relay.key"));
        using (var issued = _authority.Issue("relay.client.test"))
        {
            issued.WritePem(certificate, key);
        }

        _implicitPort = LoopbackPort.Take();
        var settings = RelayProcess.LabSettings(_directory, _dns.Address, _mx.EndPoint.Port);
        settings["Relay:Listeners:0:Tls"] = "StartTls";
        settings["Relay:Listeners:0:RequireAuth"] = "true";
        settings["Relay:Listeners:1:Address"] = $"127.0.0.1:{_implicitPort}";
        settings["Relay:Listeners:1:Tls"] = "Implicit";
        settings["Relay:Listeners:1:RequireAuth"] = "true";
        settings["Relay:Certificate:CertificateFile"] = certificate;
        settings["Relay:Certificate:KeyFile"] = key;
        var (code, _, error) = await DebianProgram.RunAsync(
            Path.Combine(AppContext.BaseDirectory, "relay"),
            ["user", "add", "app@client.test", $"--Relay:DataDirectory={settings["Relay:DataDirectory"]}"],
            Encoding.UTF8.GetBytes(Password + "\n"),
            Cancel);
        Assert.True(code == 0, error);
        _relay = await RelayProcess.StartAsync(_directory, settings, Cancel);
    }

    public async ValueTask DisposeAsync()
    {
        if (_relay is not null)
        {
            await _relay.DisposeAsync();
        }

        if (_mx is not null)
        {
            await _mx.DisposeAsync();
        }

        await _dns.DisposeAsync();
        _authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    private static void SkipWithout(params DebianProgram[] programs)
    {
        var missing = DebianProgram.WhyMissing(programs);
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
    }

    private async Task<(int ExitCode, string Transcript)> CurlAsync(string scheme, int port, string options, string password)
    {
        var (exitCode, output, error) = await DebianProgram.RunAsync(
            DebianProgram.Curl.Path,
            [
                "--verbose", "--ssl-reqd", "--cacert", RootFile, "--connect-to", "::127.0.0.1:", "--login-options", options,
                "--user", $"app@client.test:{password}", "--mail-from", "app@client.test", "--mail-rcpt", "ann@remote.test",
                "--upload-file", "-", string.Create(CultureInfo.InvariantCulture, $"{scheme}://relay.client.test:{port}/app.client.test"),
            ],
            "Subject: hello\r\n\r\nText\r\n"u8.ToArray(),
            Cancel);
        return (exitCode, Encoding.UTF8.GetString(output) + error);
    }
}
