using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Relay.Delivery.Observations;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Mx;
using Relay.Lab.PolicyHosts;

namespace Relay.Tests.Enforcement;

/// <summary>
/// A lab Internet with policy hosts around relays whose clock stands still until a test moves it. Its records have no time to
/// live, so that a change shows at once.
/// </summary>
internal sealed class PolicyLab : IAsyncDisposable
{
    /// <summary>A week: long enough for any test.</summary>
    public const int LongAge = 604_800;

    private const int HostsPerNet = 250;

    private static readonly string[] Fates = ["delivered", "deferred", "bounced", "expired"];
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly List<LabMx> _hosts = [];

    public PolicyLab()
    {
        Authority = new LabCertificateAuthority("Lab", Clock);
        Authority.WriteRootPem(RootsFile);
        Dns.Zone.WithTtl(0);
        AddMx(new MxBehavior());
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public ManualClock Clock { get; } = new();

    public LabDnsServer Dns { get; } = LabDnsServer.Start();

    public LabPolicyHost Web { get; } = LabPolicyHost.Start();

    public LabCertificateAuthority Authority { get; }

    public ObservationList Observations { get; } = new();

    public string DataDirectory { get; } = Directory.CreateTempSubdirectory("relay-sts-").FullName;

    /// <summary>The port of every MX host: MX records cannot name one.</summary>
    public int MxPort => _hosts[0].EndPoint.Port;

    /// <summary>The roots that relays trust, for MX hosts and policy hosts.</summary>
    public string RootsFile => Path.Combine(DataDirectory, "roots.pem");

    public static string Policy(string mode, int maxAge, params string[] mx) => string.Create(
        CultureInfo.InvariantCulture,
        $"version: STSv1\nmode: {mode}\n{string.Concat(mx.Select(host => $"mx: {host}\n"))}max_age: {maxAge}\n");

    /// <summary>A host on an address of its own.</summary>
    public LabMx AddMx(MxBehavior behavior)
    {
        var (net, number) = Math.DivRem(_hosts.Count, HostsPerNet);
        var mx = LabMx.Start(behavior, new IPAddress([127, 20, (byte)net, (byte)(number + 1)]), _hosts.Count == 0 ? 0 : MxPort);
        _hosts.Add(mx);
        return mx;
    }

    /// <summary>A well-bred host with a good certificate for these names, the first of which is its own.</summary>
    public LabMx AddGoodMx(params string[] names) => AddMx(Good(names));

    /// <summary>Good manners and a good certificate for these names.</summary>
    public MxBehavior Good(params string[] names) => With(names[0], Authority.Issue(names));

    /// <summary>Good manners with this certificate.</summary>
    public static MxBehavior With(string name, LabCertificate certificate) => new() { HostName = name, Certificate = certificate };

    /// <summary>Makes a name lead to a host, and nowhere else.</summary>
    public void Point(string name, LabMx mx) => Dns.Zone.Remove(name).AddA(name, mx.EndPoint.Address.ToString());

    /// <summary>Makes these the MX hosts of a domain, in this order, and no others.</summary>
    public void SetMx(string domain, params string[] names)
    {
        Dns.Zone.Remove(domain, LabDnsType.Mx);
        for (var index = 0; index < names.Length; index++)
        {
            Dns.Zone.AddMx(domain, (index + 1) * 10, names[index]);
        }
    }

    /// <summary>Publishes record and policy in the place of the former ones.</summary>
    public void Publish(string domain, string id, string body)
    {
        PublishRecord(domain, $"v=STSv1; id={id};");
        var host = $"mta-sts.{domain}";
        Dns.Zone.Remove(host).AddA(host, "127.0.0.1");
        Web.Play(host, PolicyHostScript.Serve(Authority.Issue(host), body));
    }

    public void PublishRecord(string domain, params string[] records)
    {
        Dns.Zone.Remove($"_mta-sts.{domain}");
        foreach (var record in records)
        {
            Dns.Zone.AddTxt($"_mta-sts.{domain}", record);
        }
    }

    public Task<RelayUnderTest> StartRelayAsync(params (string Key, string Value)[] settings) => RelayUnderTest.StartAsync(
        Clock,
        services => services.AddSingleton<ITlsReportSink>(Observations),
        [
            ("Relay:HostName", "relay.test"),
            ("Relay:DataDirectory", DataDirectory),
            ("Relay:Listeners:0:Address", "127.0.0.1:0"),
            ("Dns:Servers:0", Dns.Address),
            ("Delivery:Port", $"{MxPort}"),
            ("Delivery:AllowLoopback", "true"),
            ("Relay:AllowAddressLiterals", "true"),
            ("Delivery:TrustedRootsFile", RootsFile),
            ("MtaSts:FetchPort", $"{Web.EndPoint.Port}"),
            ("MtaSts:TrustedRootsFile", RootsFile),
            ("MtaSts:AllowPrivateHosts", "true"),
            .. settings,
        ]);

    /// <summary>Hands a message to the relay, which takes it.</summary>
    public static async Task SendAsync(RelayUnderTest relay, string recipient)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
        await talk.SendAsync("app@corp.test", [recipient], "Subject: x\r\n\r\nbody\r\n", "250 2.0.0", Token);
    }

    /// <summary>Hands a message to the relay and waits for what the first attempt comes to.</summary>
    public static async Task<string> SendAndSeeAsync(RelayUnderTest relay, string recipient)
    {
        await SendAsync(relay, recipient);
        return await FateAsync(relay, recipient);
    }

    /// <summary>The first line of the delivery log about a recipient, or the first of this event.</summary>
    public static Task<string> FateAsync(RelayUnderTest relay, string recipient, string? name = null)
    {
        var to = $" to=<{recipient}> ";
        return LineAsync(
            relay,
            line => line.Contains(to, StringComparison.Ordinal) && (name is null ? Fates.Contains(EventOf(line)) : EventOf(line) == name));
    }

    /// <summary>The first line so; a minute without it ends the test and shows the end of the log.</summary>
    public static async Task<string> LineAsync(RelayUnderTest relay, Predicate<string> matches)
    {
        try
        {
            return await relay.Log.FirstAsync(matches, Token).WaitAsync(Patience, TimeProvider.System, Token);
        }
        catch (TimeoutException)
        {
            throw new InvalidOperationException($"The line did not come. The log:\n{string.Join('\n', relay.Log.Text.Split('\n').TakeLast(40))}");
        }
    }

    /// <summary>The event of a log line.</summary>
    public static string EventOf(string line) => line.Split(' ', 4) is [_, _, var name, ..] ? name : string.Empty;

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        await Web.DisposeAsync();
        await Dns.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(DataDirectory, recursive: true);
    }
}
