using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Relay.Delivery.Observations;
using Relay.Hosting;
using Relay.Logging;

namespace Relay.TestKit;

/// <summary>The whole program in this process, on free ports, with a data directory of its own.</summary>
internal sealed class RelayUnderTest : IAsyncDisposable
{
    private readonly WebApplication _application;

    private RelayUnderTest(WebApplication application, LogCapture log)
    {
        _application = application;
        Log = log;
    }

    public LogCapture Log { get; }

    /// <summary>What was counted for reports.</summary>
    public ObservationList Observations { get; private init; } = new();

    public IServiceProvider Services => _application.Services;

    /// <summary>Where the first listener listens.</summary>
    public IPEndPoint EndPoint => EndPoints[0];

    public IReadOnlyList<IPEndPoint> EndPoints => [.. _application.Services.GetRequiredService<IServer>()
        .Features.Get<IServerAddressesFeature>()!.Addresses
        .Where(address => !address.Contains("unix:", StringComparison.Ordinal))
        .Select(address => IPEndPoint.Parse(address[(address.LastIndexOf('/') + 1)..]))];

    /// <summary>Starts the program with these settings; the log level is Debug so that a failing test can show what happened.</summary>
    public static Task<RelayUnderTest> StartAsync(TimeProvider clock, params (string Key, string Value)[] settings) =>
        StartAsync(clock, _ => { }, settings);

    /// <summary>As above, with more services of the test's own.</summary>
    public static Task<RelayUnderTest> StartAsync(
        TimeProvider clock, Action<IServiceCollection> more, params (string Key, string Value)[] settings) =>
        StartAsync(clock, RelayApplication.Plugins, more, settings);

    /// <summary>As above, with these plugins alone.</summary>
    public static async Task<RelayUnderTest> StartAsync(
        TimeProvider clock,
        IEnumerable<Action<IServiceCollection, IConfiguration>> plugins,
        Action<IServiceCollection> more,
        params (string Key, string Value)[] settings)
    {
        var log = new LogCapture();
        var provider = new RelayLoggerProvider(LogFormat.Text, log, clock);
        log.Settle = provider.Drain;
        var observations = new ObservationList();
        var file = Path.GetTempFileName();
        await File.WriteAllTextAsync(file, "{}");
        var faults = new List<string>();
        var application = RelayApplication.Build(
            file,
            [.. settings.Select(setting => $"--{setting.Key}={setting.Value}")],
            faults,
            services =>
            {
                services.RemoveAll<ILoggerProvider>();
                services.AddSingleton<ILoggerProvider>(_ => provider);
                services.Replace(ServiceDescriptor.Singleton(clock));
                services.AddSingleton<ITlsReportSink>(observations);
                more(services);
            },
            plugins);
        File.Delete(file);
        Assert.Empty(faults);
        await application!.StartAsync();
        return new RelayUnderTest(application, log) { Observations = observations };
    }

    /// <summary>As SIGTERM does.</summary>
    public Task StopAsync() => _application.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }
}
