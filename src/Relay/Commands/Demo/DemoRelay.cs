using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Relay.Hosting;
using Relay.Logging;

namespace Relay.Commands.Demo;

/// <summary>One life of the real relay, with the lab for its Internet.</summary>
internal sealed class DemoRelay : IAsyncDisposable
{
    private readonly WebApplication _application;

    private DemoRelay(WebApplication application, SettlementLog settlements)
    {
        _application = application;
        Settlements = settlements;
    }

    public SettlementLog Settlements { get; }

    /// <summary>Starts it; null when the settings are at fault.</summary>
    /// <param name="lab">Its Internet.</param>
    /// <param name="directory">Its data; what an earlier life left there is what it remembers.</param>
    /// <param name="setup">What the command line says.</param>
    /// <param name="faults">Gets what is wrong with the settings.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<DemoRelay?> StartAsync(
        DemoInternet lab, string directory, DemoSetup setup, List<string> faults, CancellationToken cancellationToken)
    {
        var file = Path.Combine(directory, "relay.json");
        var roots = Path.Combine(directory, "roots.pem");
        await File.WriteAllTextAsync(file, "{}", cancellationToken);
        await File.WriteAllTextAsync(roots, lab.RootPem, cancellationToken);
        SettlementLog? settlements = null;
        var application = RelayApplication.Build(
            file,
            [
                "--Relay:HostName=relay.demo.test",
                $"--Relay:DataDirectory={Path.Combine(directory, "data")}",
                "--Relay:Listeners:0:Address=127.0.0.1:0",
                "--Relay:Listeners:0:Tls=None",
                $"--Dns:Servers:0={lab.DnsAddress}",
                $"--Delivery:Port={lab.MxPort}",
                "--Delivery:AllowLoopback=true",
                $"--Delivery:TrustedRootsFile={roots}",
                $"--MtaSts:FetchPort={lab.PolicyPort}",
                $"--MtaSts:TrustedRootsFile={roots}",
                "--MtaSts:AllowPrivateHosts=true",
                .. setup.Settings,
            ],
            faults,
            services =>
            {
                services.RemoveAll<ILoggerProvider>();
                services.AddSingleton<ILoggerProvider>(settlements = new SettlementLog(TimeProvider.System));
                if (setup.Log is { } log)
                {
                    services.AddSingleton<ILoggerProvider>(_ => new RelayLoggerProvider(LogFormat.Text, log(), TimeProvider.System));
                }
            });
        if (application is null)
        {
            return null;
        }

        var relay = new DemoRelay(application, settlements!);
        await application.StartAsync(cancellationToken);
        return relay;
    }

    /// <summary>Submits a message and waits until the relay has settled it.</summary>
    public async Task<Settlement> SendAsync(string domain, string mark, CancellationToken cancellationToken)
    {
        var recipient = $"ann@{domain}";
        await Submission.SendAsync(EndPoint, recipient, mark, cancellationToken);
        return await Settlements.OfAsync(recipient).WaitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _application.StopAsync();
        await _application.DisposeAsync();
    }

    private IPEndPoint EndPoint => _application.Services.GetRequiredService<IServer>()
        .Features.Get<IServerAddressesFeature>()!.Addresses
        .Where(address => !address.Contains("unix:", StringComparison.Ordinal))
        .Select(address => IPEndPoint.Parse(address[(address.LastIndexOf('/') + 1)..]))
        .First();
}
