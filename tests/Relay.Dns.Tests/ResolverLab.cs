using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Relay.Lab;
using Relay.Lab.Dns;
using Relay.Mail;

namespace Relay.Dns.Tests;

/// <summary>A resolver as the program composes it, on a manual clock, asking lab servers.</summary>
internal sealed class ResolverLab : IAsyncDisposable
{
    private readonly ServiceProvider _services;

    private ResolverLab(LabDnsServer[] servers, IEnumerable<(string Key, string Value)> settings)
    {
        Servers = servers;
        var configuration = servers.Select((server, i) => ($"Dns:Servers:{i}", server.Address)).Concat(settings)
            .Select(setting => KeyValuePair.Create<string, string?>(setting.Item1, setting.Item2));
        _services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(configuration).Build())
            .AddSingleton<TimeProvider>(Clock)
            .AddLogging()
            .AddRelayDns()
            .BuildServiceProvider();
        Resolver = _services.GetRequiredService<IDnsResolver>();
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public ManualClock Clock { get; } = new();

    public LabDnsServer[] Servers { get; }

    public LabDnsServer Server => Servers[0];

    public LabZone Zone => Server.Zone;

    public IDnsResolver Resolver { get; }

    public T Get<T>()
        where T : notnull => _services.GetRequiredService<T>();

    public static ResolverLab Start(params (string Key, string Value)[] settings) => new([LabDnsServer.Start()], settings);

    public static ResolverLab StartOn(LabDnsServer server) => new([server], []);

    public static ResolverLab StartTwo(params (string Key, string Value)[] settings) =>
        new([LabDnsServer.Start(), LabDnsServer.Start()], settings);

    public static ResolverLab StartAsTrusted()
    {
        var server = LabDnsServer.Start();
        return new([server], [("Dns:TrustedServers:0", server.Address)]);
    }

    public static DomainName Name(string text) => DomainName.TryParse(text, out var name) ? name : throw new ArgumentException(text);

    public Task<DnsAnswer> AskAsync(string name, DnsRecordType type) => Resolver.QueryAsync(Name(name), type, Stop).AsTask();

    /// <summary>Starts a question that the first server is silent about, and lets so many time limits of 5 s run out.</summary>
    public async Task<DnsAnswer> AskThroughTimeoutsAsync(string name, DnsRecordType type, int timeouts)
    {
        var asking = AskAsync(name, type);
        for (var i = 0; i < timeouts; i++)
        {
            await Clock.TimerScheduledAsync(TimeSpan.FromSeconds(5), Stop);
            await Server.Queries.ReceivedAsync(name, (LabDnsType)type, i + 1, Stop);
            Clock.Advance(TimeSpan.FromSeconds(5));
        }

        return await asking;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        foreach (var server in Servers)
        {
            await server.DisposeAsync();
        }
    }
}
