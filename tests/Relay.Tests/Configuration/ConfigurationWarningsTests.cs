using Relay.Configuration;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Tests.Commands;

namespace Relay.Tests.Configuration;

/// <summary>Settings that are taken and seldom meant: said by <c>relay config check</c> and in the log of every start.</summary>
public sealed class ConfigurationWarningsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-warnings").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string KeyFile => Path.Combine(_directory, "relay.key");

    private string CertificateFile => Path.Combine(_directory, "relay.pem");

    [Theory] // RFC 5321 §7.9
    [InlineData("0.0.0.0/0", "open relay")]
    [InlineData("::/0", "open relay")]
    [InlineData("0.0.0.0/1", "open relay")]
    [InlineData("128.0.0.0/1", "open relay")]
    [InlineData("::ffff:0.0.0.0/96", "open relay")]
    [InlineData("8.0.0.0/7", "open relay")]
    [InlineData("2000::/3", "open relay")]
    [InlineData("2001:d00::/24", "open relay")]
    [InlineData("9.0.0.0/8", "public addresses")]
    [InlineData("172.0.0.0/11", "public addresses")]
    [InlineData("192.0.2.0/24", "public addresses")]
    [InlineData("2001:db8::/32", "public addresses")]
    [InlineData("2001:db8:1::/48", "public addresses")]
    [InlineData("127.0.0.0/8", null)]
    [InlineData("::1/128", null)]
    [InlineData("10.0.0.0/8", null)]
    [InlineData("172.16.0.0/12", null)]
    [InlineData("192.168.7.0/24", null)]
    [InlineData("100.64.0.0/10", null)]
    [InlineData("fd00::/8", null)]
    [InlineData("fe80::/10", null)]
    [InlineData("203.0.113.7", null)]
    [InlineData("2001:db8::7", null)]
    public void TrustedNetworks_OfTheWholeWorld_AreNamed(string network, string? expected)
    {
        var warnings = ConfigurationWarnings.Of(new RelayOptions { TrustedNetworks = ["10.1.0.0/16", network] });
        if (expected is null)
        {
            Assert.Empty(warnings);
            return;
        }

        var warning = Assert.Single(warnings).ToString();
        Assert.StartsWith($"Relay:TrustedNetworks:1: \"{network}\" ", warning, StringComparison.Ordinal);
        Assert.Contains(expected, warning, StringComparison.Ordinal);
    }

    [Fact] // the same words by the command, which succeeds, and in the log
    public async Task TrustedNetworks_OfTheWorld_AreWarnedAboutByCheckAndAtStart()
    {
        (string, string)[] settings = [("Relay:TrustedNetworks:0", "0.0.0.0/1"), ("Relay:TrustedNetworks:1", "128.0.0.0/1")];
        var check = await CommandRun.OfAsync([.. settings, ("Relay:DataDirectory", _directory)], Cancel, "config", "check");
        Assert.Equal(0, check.ExitCode);
        var lines = check.Output.Split('\n').Where(line => line.StartsWith("warning", StringComparison.Ordinal)).ToList();
        Assert.Equal(2, lines.Count);
        Assert.StartsWith("warning: Relay:TrustedNetworks:0: \"0.0.0.0/1\" trusts clients", lines[0], StringComparison.Ordinal);
        Assert.StartsWith("warning: Relay:TrustedNetworks:1: \"128.0.0.0/1\" trusts clients", lines[1], StringComparison.Ordinal);
        Assert.EndsWith("write your own networks", lines[1], StringComparison.Ordinal);

        await using var lab = new LabInternet();
        await using var relay = await lab.StartRelayAsync(settings);
        Assert.Contains(
            " WRN config-warning key=Relay:TrustedNetworks:0 value=0.0.0.0/1 text=\"trusts clients",
            await relay.Log.NextAsync("config-warning", Cancel),
            StringComparison.Ordinal);
        Assert.Equal(2, relay.Log.Of("config-warning").Count);
    }

    [Fact] // 0.0.0.0/0 is what it says, not nobody
    public async Task TrustedNetworks_AllOfIPv4_AreTrusted()
    {
        await using var lab = new LabInternet();
        await using var relay = await lab.StartRelayAsync(("Relay:TrustedNetworks:0", "0.0.0.0/0"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync("MAIL FROM:<a@corp.test>", "250", Cancel);
        await talk.SayAsync("RCPT TO:<b@one.test>", "250", Cancel);
    }

    [Theory]
    [InlineData(UnixFileMode.None, false)]
    [InlineData(UnixFileMode.GroupRead, false)]
    [InlineData(UnixFileMode.GroupWrite, true)]
    [InlineData(UnixFileMode.OtherRead, true)]
    [InlineData(UnixFileMode.OtherWrite, true)]
    public async Task TlsKey_OpenToOthers_IsWarnedAboutWithTheRemedy(UnixFileMode more, bool isWarned)
    {
        WriteCertificate(more);
        var warnings = ConfigurationWarnings.Of(
            new RelayOptions { Certificate = new CertificateOptions { CertificateFile = CertificateFile, KeyFile = KeyFile } });
        Assert.Equal(isWarned, warnings.Count == 1);
        if (more == UnixFileMode.OtherRead)
        {
            var check = await CommandRun.OfAsync(
                [
                    ("Relay:DataDirectory", _directory), ("Relay:Certificate:CertificateFile", CertificateFile),
                    ("Relay:Certificate:KeyFile", KeyFile),
                ],
                Cancel,
                "config",
                "check");
            Assert.Equal(0, check.ExitCode);
            Assert.Contains($"warning: Relay:Certificate:KeyFile: \"{KeyFile}\" may be read", check.Output, StringComparison.Ordinal);
            Assert.Contains($"chmod 640 {KeyFile}\n", check.Output, StringComparison.Ordinal);
        }
    }

    [Fact] // a renewal is when it happens
    public async Task TlsKey_RenewedOpenToOthers_IsWarnedAboutInTheLog()
    {
        WriteCertificate(UnixFileMode.None);
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var lab = new LabInternet();
        await using var relay = await lab.StartRelayAsync(
            clock, ("Relay:Certificate:CertificateFile", CertificateFile), ("Relay:Certificate:KeyFile", KeyFile));
        Assert.Empty(relay.Log.Of("config-warning"));
        WriteCertificate(UnixFileMode.OtherRead);
        File.SetLastWriteTimeUtc(KeyFile, DateTime.UnixEpoch);
        clock.Advance(TimeSpan.FromSeconds(2));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.StartTlsAsync(Cancel);
        Assert.Contains(
            $"key=Relay:Certificate:KeyFile value={KeyFile} text=\"may be read",
            await relay.Log.NextAsync("config-warning", Cancel),
            StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void WriteCertificate(UnixFileMode more)
    {
        using var authority = new LabCertificateAuthority();
        authority.Issue("relay.test").WritePem(CertificateFile, KeyFile);
        File.SetUnixFileMode(KeyFile, UnixFileMode.UserRead | UnixFileMode.UserWrite | more);
    }
}
