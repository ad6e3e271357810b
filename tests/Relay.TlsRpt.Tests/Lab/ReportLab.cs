using System.Net;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Dns;
using Relay.Lab;
using Relay.Lab.Dns;
using Relay.Lab.Logging;
using Relay.MtaSts.Policies;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Outbox;
using Relay.TlsRpt.Sending;

namespace Relay.TlsRpt.Tests.Lab;

/// <summary>Reports as a program has them, in front of a lab name server and destinations that do as they are told.</summary>
internal sealed class ReportLab : IAsyncDisposable
{
    private readonly (string Key, string? Value)[] _settings;
    private ServiceProvider _services;

    private ReportLab((string Key, string? Value)[] settings)
    {
        _settings = settings;
        _services = Build();
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public string DataDirectory { get; } = Directory.CreateTempSubdirectory("relay-rpt-").FullName;

    public string DatabaseFile => Path.Combine(DataDirectory, "reports.db");

    /// <summary>Noon of 22 November 2026.</summary>
    public ManualClock Clock { get; } = new();

    public DateOnly Day { get; } = new(2026, 11, 22);

    public LabDnsServer Dns { get; } = LabDnsServer.Start();

    public LogEvents Log { get; } = new();

    public ScriptedDestinations Destinations { get; } = new();

    public TlsSessionLedger Ledger => _services.GetRequiredService<TlsSessionLedger>();

    public TlsReportBuilder Builder => _services.GetRequiredService<TlsReportBuilder>();

    public ReportIdentity Identity => _services.GetRequiredService<ReportIdentity>();

    public ReportQueries Queries => _services.GetRequiredService<ReportQueries>();

    public ReportOutbox Outbox => _services.GetRequiredService<ReportOutbox>();

    public TlsReports Reports => _services.GetRequiredService<TlsReports>();

    public ReportScheduler Scheduler => _services.GetRequiredService<ReportScheduler>();

    public TlsReportDocument Report(string domain) => Builder.Build(Queries.Counts(Day, Names.Name(domain)));

    public IDeliveryMiddleware Counting => _services.GetRequiredService<IDeliveryMiddleware>();

    public static ReportLab Start(params (string Key, string? Value)[] settings) => new(settings);

    public static string PolicyText(string mode, int maxAge, params string[] mx) =>
        $"version: STSv1\nmode: {mode}\n{string.Concat(mx.Select(host => $"mx: {host}\n"))}max_age: {maxAge}\n";

    public static ObservedPolicy Policy(string text) =>
        Assert.IsType<PolicyReading.Valid>(StsPolicy.Parse(Encoding.UTF8.GetBytes(text))).Policy.Observed;

    public void Ask(string domain, string record) => Dns.Zone.AddTxt($"_smtp._tls.{domain}", record);

    public void Succeed(string domain, ObservedPolicy? policy = null, int times = 1)
    {
        for (var time = 0; time < times; time++)
        {
            Ledger.Add(Session(domain, policy) with { Count = ObservationCount.Success });
        }
    }

    public void Fail(string domain, ObservedPolicy? policy, params ObservedFailure[] failures) =>
        Ledger.Add(Session(domain, policy) with { Count = ObservationCount.Failure, Failures = failures });

    public TlsObservation Session(string domain, ObservedPolicy? policy = null) => new()
    {
        PolicyDomain = Names.Name(domain),
        Policy = policy ?? ObservedPolicy.NoPolicyFound,
        Count = ObservationCount.Success,
        MxHost = $"mx.{domain}",
        SendingAddress = IPAddress.Parse("198.51.100.40"),
        ReceivingAddress = IPAddress.Parse("203.0.113.8"),
        ReceivingHelo = $"mx.{domain}",
        Time = Clock.GetUtcNow(),
    };

    /// <summary>Moves past the end of the day and the spread behind it, and does what is due.</summary>
    public async Task EndDayAsync()
    {
        Ledger.Flush();
        Clock.Advance(TimeSpan.FromHours(17));
        await Scheduler.PassAsync(Token);
    }

    public IReadOnlyList<(string? Rua, string State)> States(string domain) =>
        [.. Reports.List(null, Names.Name(domain), 100).Select(entry => (entry.Rua, entry.State))];

    /// <summary>The process ends, its log is in the file.</summary>
    public ValueTask StopAsync() => _services.DisposeAsync();

    /// <summary>The process dies and another begins; nothing but the data directory survives.</summary>
    public async Task RestartAsync()
    {
        await _services.DisposeAsync();
        _services = Build();
        Outbox.Resume();
    }

    public T Query<T>(string statement)
    {
        using var connection = new SqliteConnection($"Data Source={DatabaseFile};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Constants of the tests.
        command.CommandText = statement;
#pragma warning restore CA2100
        return (T)command.ExecuteScalar()!;
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Dns.DisposeAsync();
        Directory.Delete(DataDirectory, recursive: true);
    }

    private ServiceProvider Build()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Relay:DataDirectory"] = DataDirectory,
            ["Dns:Servers:0"] = Dns.Address,
            ["TlsRpt:OrganizationName"] = "Nordhafen Logistik GmbH",
            ["TlsRpt:Contact"] = "tls-reports@relay.nordhafen.example",
        };
        foreach (var (key, value) in _settings)
        {
            settings[key] = value;
        }

        var configuration = new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
        return new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log))
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton(new DeliveryIdentity("relay.nordhafen.example"))
            .AddSingleton<IReportMailer>(Destinations)
            .AddSingleton<IReportPoster>(Destinations)
            .AddRelayDns()
            .AddDelivery()
            .AddTlsRpt(configuration)
            .BuildServiceProvider();
    }
}
