using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Dns;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Logging;
using Relay.Lab.PolicyHosts;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Stores;
using Relay.TlsRpt.Ledger;

namespace Relay.MtaSts.Tests.Lab;

/// <summary>The library as a program has it, in front of a lab Internet: name server, policy host, clock.</summary>
internal sealed class StsLab : IAsyncDisposable
{
    private readonly (string Key, string? Value)[] _settings;
    private ServiceProvider _services;

    private readonly Action<IServiceCollection>? _change;

    private StsLab((string Key, string? Value)[] settings, Action<IServiceCollection>? change = null)
    {
        _change = change;
        Authority = new LabCertificateAuthority("Lab", Clock);
        Directory.CreateDirectory(DataDirectory);
        Authority.WriteRootPem(Path.Combine(DataDirectory, "roots.pem"));
        _settings = settings;
        _services = Build();
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public string DataDirectory { get; } = Directory.CreateTempSubdirectory("relay-sts-").FullName;

    public string KnownFile => Path.Combine(DataDirectory, "policies.known");

    public string DatabaseFile => Path.Combine(DataDirectory, "policies.db");

    public ManualClock Clock { get; } = new();

    public LabDnsServer Dns { get; } = LabDnsServer.Start();

    public LabPolicyHost Web { get; } = LabPolicyHost.Start();

    public LabCertificateAuthority Authority { get; }

    public LogEvents Log { get; } = new();

    public ObservationList Observations { get; } = new();

    public IPolicyCache Cache => _services.GetRequiredService<IPolicyCache>();

    public IPolicyFetcher Fetcher => _services.GetRequiredService<IPolicyFetcher>();

    /// <summary>The policy's middleware, all of it, and around it what counts sessions.</summary>
    public IDeliveryMiddleware Middleware => new Counted(
        [.. _services.GetServices<IDeliveryMiddleware>()], new SessionCounting(_services.GetRequiredService<TlsReportSink>()));

    public IHttpMessageHandlerFactory Handlers => _services.GetRequiredService<IHttpMessageHandlerFactory>();

    /// <summary>What opens the store when the program starts.</summary>
    public IHostedService Opening => _services.GetServices<IHostedService>().OfType<PolicyStoreStart>().Single();

    public PolicyRefresher Refresher => _services.GetRequiredService<PolicyRefresher>();

    public static StsLab Start(params (string Key, string? Value)[] settings) => new(settings);

    /// <summary>With a part of the library changed.</summary>
    public static StsLab Start(Action<IServiceCollection> change) => new([], change);

    public static DomainName Name(string text) =>
        DomainName.TryParse(text, out var name) ? name : throw new ArgumentException(text, nameof(text));

    public static string Policy(string mode, int maxAge, params string[] mx) =>
        $"version: STSv1\nmode: {mode}\n{string.Concat(mx.Select(host => $"mx: {host}\n"))}max_age: {maxAge}\n";

    /// <summary>Publishes record and policy in the place of the former ones.</summary>
    public void Publish(string domain, string id, string body)
    {
        PublishRecord(domain, $"v=STSv1; id={id};");
        Dns.Zone.Remove($"mta-sts.{domain}").AddA($"mta-sts.{domain}", "127.0.0.1");
        Play(domain, PolicyHostScript.Serve(Authority.Issue($"mta-sts.{domain}"), body));
    }

    public void PublishRecord(string domain, params string[] records)
    {
        Dns.Zone.Remove($"_mta-sts.{domain}", LabDnsType.Txt);
        foreach (var record in records)
        {
            Dns.Zone.AddTxt($"_mta-sts.{domain}", record);
        }
    }

    public void Play(string domain, PolicyHostScript script) => Web.Play($"mta-sts.{domain}", script);

    /// <summary>Longer than any time to live in the lab, shorter than any back-off matters to.</summary>
    public void LetTtlPass() => Clock.Advance(TimeSpan.FromSeconds(301));

    public ValueTask<PolicyDecision> AskAsync(string domain) => Cache.GetAsync(Name(domain), Token);

    /// <summary>As a command that looks at a relay's files: once, in a process of its own.</summary>
    public async Task<PolicyDecision> AskReadingOnlyAsync(string domain, string? directory = null)
    {
        await using var services = Build(directory, services => services.ReadPoliciesOnly());
        return await services.GetRequiredService<IPolicyCache>().GetAsync(Name(domain), Token);
    }

    /// <summary>The process ends and begins again; nothing but the data directory survives.</summary>
    public async Task RestartAsync()
    {
        await _services.DisposeAsync();
        _services = Build();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Dns.DisposeAsync();
        await Web.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(DataDirectory, recursive: true);
    }

    private ServiceProvider Build(string? directory = null, Action<IServiceCollection>? change = null)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Relay:DataDirectory"] = DataDirectory,
            ["Dns:Servers:0"] = Dns.Address,
            ["MtaSts:FetchPort"] = Web.EndPoint.Port.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["MtaSts:TrustedRootsFile"] = Path.Combine(DataDirectory, "roots.pem"),
            ["MtaSts:AllowPrivateHosts"] = "true",
        };
        foreach (var (key, value) in _settings)
        {
            settings[key] = value;
        }

        settings["Relay:DataDirectory"] = directory ?? settings["Relay:DataDirectory"];
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log))
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton<ITlsReportSink>(Observations)
            .AddRelayDns()
            .AddMtaSts(configuration);
        (change ?? _change)?.Invoke(services);
        return services.BuildServiceProvider();
    }

    private sealed class Counted(IReadOnlyList<IDeliveryMiddleware> policy, SessionCounting counting) : IDeliveryMiddleware
    {
        public MiddlewareStage Stage => MiddlewareStage.Report;

        public Task InvokeAsync(DeliveryAttempt attempt, DeliveryStep next, CancellationToken cancellationToken) =>
            counting.InvokeAsync(
                attempt,
                policy.Aggregate(next, (inside, plugin) => (inner, token) => plugin.InvokeAsync(inner, inside, token)),
                cancellationToken);
    }
}
