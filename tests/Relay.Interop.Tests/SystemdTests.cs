using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Relay.Interop.Tests.Programs;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Mx;

namespace Relay.Interop.Tests;

/// <summary><c>config/relay.service</c> under a real systemd, with its sandbox and while mail comes in.</summary>
public sealed partial class SystemdTests : IDisposable
{
    private const string Domain = "systemd.test";
    private const int Port = 25;

    private static readonly IPAddress Address = IPAddress.Parse("127.0.77.25");

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("relay-systemd-");
    private readonly LabCertificateAuthority _authority = new("Systemd");

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _authority.Dispose();
        _directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Unit_Security_ScoresBelowTwo()
    {
        var missing = DebianProgram.WhyMissing(DebianProgram.SystemdAnalyze);
        Assert.SkipWhen(missing is not null, missing ?? string.Empty);
        var unit = Path.Combine(AppContext.BaseDirectory, "config", "relay.service");

        var (_, output, error) = await DebianProgram.RunAsync(
            DebianProgram.SystemdAnalyze.Path, ["security", "--offline=true", "--no-pager", unit], [], Cancelled);

        var exposure = Exposure().Match(Encoding.UTF8.GetString(output));
        Assert.True(exposure.Success, Encoding.UTF8.GetString(output) + error);
        Assert.InRange(double.Parse(exposure.Groups[1].Value, CultureInfo.InvariantCulture), 0, 1.9);
    }

    [Fact]
    public async Task Unit_StartedReloadedRestartedKilledAndStoppedUnderLoad_LosesNothing()
    {
        var why = SystemdMachine.WhyImpossible();
        Assert.SkipWhen(why is not null, why ?? string.Empty);
        await using var dns = LabDnsServer.Start();
        await using var mx = LabMx.Start();
        dns.Zone.AddMx(Domain, 10, "mx." + Domain).AddA("mx." + Domain, "127.0.0.1");
        Configure(dns, mx);
        await using var machine = await SystemdMachine.BootAsync(_directory.FullName, Cancelled);

        await machine.SystemctlAsync(Cancelled, "start", "relay");
        Assert.Equal("relay.example 1", await AskForCertificateAsync());
        await AssertSandboxedAsync(machine);
        using var client = new SteadyClient(new IPEndPoint(Address, Port), Domain);
        var sending = client.RunAsync(sessions: 4, Cancelled);
        await client.WaitForMoreAsync(20, Cancelled);

        WriteCertificate("relay.example 2");
        await machine.SystemctlAsync(Cancelled, "reload", "relay");
        await WaitForLogAsync(machine, "reloaded", 1);
        Assert.Equal("relay.example 2", await AskForCertificateAsync());
        await client.WaitForMoreAsync(20, Cancelled);
        Assert.Equal(0, client.Broken);

        for (var restart = 2; restart <= 3; restart++)
        {
            await machine.SystemctlAsync(Cancelled, "restart", "relay");
            client.SayThatItIsUp();
            await client.WaitForMoreAsync(20, Cancelled);
        }

        await machine.SystemctlAsync(Cancelled, "kill", "--signal=KILL", "relay");
        await WaitForLogAsync(machine, "started", 4);
        Assert.Equal("1", await machine.PropertyAsync("NRestarts", Cancelled));
        client.SayThatItIsUp();
        await client.WaitForMoreAsync(20, Cancelled);
        await machine.SystemctlAsync(Cancelled, "stop", "relay");
        Assert.Equal("success", await machine.PropertyAsync("Result", Cancelled));
        Assert.Equal("0", await machine.PropertyAsync("ExecMainStatus", Cancelled));
        client.Stop();
        await sending;

        await machine.SystemctlAsync(Cancelled, "start", "relay");
        var awaited = client.Accepted.Select(number => $"n{number}@{Domain}").ToHashSet(StringComparer.Ordinal);
        await mx.WaitForMessagesAsync(awaited.Count, Cancelled);
        for (var seen = awaited.Count; awaited.Except(Arrived(mx)).Any(); seen++)
        {
            // A kill may double a message, so that more have to come before all are there.
            await mx.WaitForMessagesAsync(seen + 1, Cancelled);
        }

        Assert.True(client.Broken > 0, "The load never met a restart.");
    }

    [GeneratedRegex(@"Overall exposure level for relay\.service: ([0-9.]+)")]
    private static partial Regex Exposure();

    private static IEnumerable<string> Arrived(LabMx mx) => mx.Messages.SelectMany(message => message.Recipients);

    // Not root, one capability, no way to more, system calls filtered; no core dump, and bounds on what it may take of the machine.
    private static async Task AssertSandboxedAsync(SystemdMachine machine)
    {
        Assert.DoesNotContain("0", (await machine.ProcessFieldAsync("Uid", Cancelled)).Split('\t'));
        Assert.Equal(1UL << 10, ulong.Parse(await machine.ProcessFieldAsync("CapEff", Cancelled), NumberStyles.HexNumber, CultureInfo.InvariantCulture));
        Assert.Equal("1", await machine.ProcessFieldAsync("NoNewPrivs", Cancelled));
        Assert.Equal("2", await machine.ProcessFieldAsync("Seccomp", Cancelled));
        Assert.Equal("0", await machine.PropertyAsync("LimitCORE", Cancelled));
        Assert.Equal("1024", await machine.PropertyAsync("TasksMax", Cancelled));
        Assert.True(long.TryParse(await machine.PropertyAsync("MemoryMax", Cancelled), out _));
    }

    private static Task WaitForLogAsync(SystemdMachine machine, string name, int count) => Poll.UntilAsync(
        () => machine.ReadLog().Count(line => line.Split(' ') is [_, _, var word, ..] && word == name) >= count, Cancelled);

    // The name in the certificate that a client sees after STARTTLS.
    private static async Task<string> AskForCertificateAsync()
    {
        using var client = new TcpClient();
        await client.ConnectAsync(new IPEndPoint(Address, Port), Cancelled);
        using var reader = new StreamReader(client.GetStream(), Encoding.ASCII, leaveOpen: true, bufferSize: 1);
        Assert.StartsWith("220 ", await reader.ReadLineAsync(Cancelled), StringComparison.Ordinal);
        await client.GetStream().WriteAsync("STARTTLS\r\n"u8.ToArray(), Cancelled);
        Assert.StartsWith("220 ", await reader.ReadLineAsync(Cancelled), StringComparison.Ordinal);
        await using var tls = new SslStream(client.GetStream(), leaveInnerStreamOpen: true);
        await tls.AuthenticateAsClientAsync(
            new SslClientAuthenticationOptions
            {
                TargetHost = "relay.example",
#pragma warning disable CA5359 // Which certificate it is, is the question; whether it is trusted is not.
                RemoteCertificateValidationCallback = (_, _, _, _) => true,
#pragma warning restore CA5359
            },
            Cancelled);
        return tls.RemoteCertificate!.Subject["CN=".Length..];
    }

    private void Configure(LabDnsServer dns, LabMx mx)
    {
        var configuration = Path.Combine(_directory.FullName, "etc");
        Directory.CreateDirectory(configuration);
        File.SetUnixFileMode(_directory.FullName, (UnixFileMode)0b111_101_101);
        WriteCertificate("relay.example 1");
        var settings = RelayProcess.LabSettings(_directory.FullName, dns.Address, mx.EndPoint.Port);
        settings.Remove("Relay:DataDirectory");
        settings["Relay:Listeners:0:Address"] = $"{Address}:{Port}";
        settings["Relay:Listeners:0:Tls"] = "StartTls";
        settings["Relay:Certificate:CertificateFile"] = "/etc/relay/tls.crt";
        settings["Relay:Certificate:KeyFile"] = "/etc/relay/tls.key";
        File.WriteAllText(Path.Combine(configuration, "relay.json"), JsonSerializer.Serialize(settings));
    }

    // Readable for the relay's user, whose number only the machine knows.
    private void WriteCertificate(string name)
    {
        var configuration = Path.Combine(_directory.FullName, "etc");
        using var certificate = _authority.IssueSelfSigned(name);
        foreach (var (file, text) in (ReadOnlySpan<(string, string)>)[("tls.crt", certificate.ChainPem), ("tls.key", certificate.KeyPem)])
        {
            var path = Path.Combine(configuration, file);
            File.WriteAllText(path + ".new", text);
            File.SetUnixFileMode(path + ".new", (UnixFileMode)0b110_100_100);
            File.Move(path + ".new", path, overwrite: true);
        }
    }
}
