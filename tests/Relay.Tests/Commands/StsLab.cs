using System.Net;
using System.Text.Json;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Mx;
using Relay.Lab.PolicyHosts;

namespace Relay.Tests.Commands;

/// <summary>A domain with MTA-STS, all of it right until a test breaks a piece, and the commands to look at it.</summary>
internal sealed class StsLab : IAsyncDisposable
{
    public const string Domain = "good.test";
    public const string Policy = "version: STSv1\nmode: enforce\nmx: mx.good.test\nmax_age: 2592000\n";

    private readonly LabCertificate _policyCertificate;

    public StsLab(MxBehavior? mx = null)
    {
        Mx = Internet.AddDomain(Domain, mx);
        _policyCertificate = Authority.Issue($"mta-sts.{Domain}");
        Dns.Zone.AddTxt($"_mta-sts.{Domain}", "v=STSv1; id=20261123;");
        Dns.Zone.AddTxt($"_smtp._tls.{Domain}", $"v=TLSRPTv1; rua=mailto:tls@{Domain}");
        Dns.Zone.AddA($"mta-sts.{Domain}", "127.0.0.1");
        Serve(Policy);
        var roots = Path.Combine(Internet.DataDirectory, "roots.pem");
        Authority.WriteRootPem(roots);
        Settings =
        [
            ("Relay:HostName", "relay.test"),
            ("Relay:DataDirectory", Internet.DataDirectory),
            ("Relay:Listeners:0:Address", "127.0.0.1:0"),
            ("Dns:Servers:0", Dns.Address),
            ("Delivery:Port", $"{Internet.MxPort}"),
            ("Delivery:AllowLoopback", "true"),
            ("Delivery:TrustedRootsFile", roots),
            ("MtaSts:FetchPort", $"{PolicyHost.EndPoint.Port}"),
            ("MtaSts:TrustedRootsFile", roots),
            ("MtaSts:AllowPrivateHosts", "true"),
        ];
    }

    public LabInternet Internet { get; } = new();

    public LabPolicyHost PolicyHost { get; } = LabPolicyHost.Start(IPAddress.Loopback);

    public LabMx Mx { get; }

    public LabDnsServer Dns => Internet.Dns;

    public LabCertificateAuthority Authority => Internet.Authority;

    public List<(string Key, string Value)> Settings { get; }

    /// <summary>Publishes a policy file.</summary>
    public void Serve(string policy) => Play(PolicyHostScript.Serve(_policyCertificate, policy));

    /// <summary>Publishes the good policy file, but not as it should be.</summary>
    public void Serve(Func<PolicyHostScript, PolicyHostScript> change) =>
        Play(change(PolicyHostScript.Serve(_policyCertificate, Policy)));

    public Task<RelayUnderTest> StartRelayAsync() => RelayUnderTest.StartAsync(TimeProvider.System, [.. Settings]);

    /// <summary>Runs <c>relay sts</c> with these arguments.</summary>
    public Task<CommandRun> StsAsync(params string[] arguments) =>
        CommandRun.OfAsync(Settings, TestContext.Current.CancellationToken, ["sts", .. arguments]);

    /// <summary>Checks the domain; the steps of all sections.</summary>
    public async Task<List<JsonElement>> CheckAsync() => Steps(await StsAsync("check", Domain, "--json"));

    /// <summary>The steps of all sections of a check told as JSON.</summary>
    public static List<JsonElement> Steps(CommandRun run) =>
        [.. run.Json.GetProperty("sections").EnumerateArray().SelectMany(section => section.GetProperty("steps").EnumerateArray())];

    public async ValueTask DisposeAsync()
    {
        await PolicyHost.DisposeAsync();
        await Internet.DisposeAsync();
        _policyCertificate.Dispose();
    }

    private void Play(PolicyHostScript script) => PolicyHost.Play($"mta-sts.{Domain}", script);
}
