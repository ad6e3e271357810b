using System.Net;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Processes;

namespace Relay.LoadTest.Load;

/// <summary>
/// A load from beginning to end: name server, sinks, the real relay as a child process, clients, and if the plan wants
/// it a SIGKILL in the middle and a second life on the same data.
/// </summary>
public sealed class LoadRun : IAsyncDisposable
{
    private readonly LoadPlan _plan;
    private readonly string _directory;
    private readonly LoadCorpus _corpus;
    private readonly LoadLedger _ledger;
    private readonly LabDnsServer _dns = LabDnsServer.Start();
    private readonly LabCertificateAuthority _authority = new();
    private readonly LabCertificate _certificate;
    private readonly LoadSink _sink;
    private readonly Dictionary<string, string> _settings;
    private TaskCompletionSource<IPEndPoint> _up = NewSignal();
    private RelayProcess? _relay;
    private ProcessUsage _used;
    private int _openAtKill;

    private LoadRun(LoadPlan plan, string directory)
    {
        (_plan, _directory) = (plan, directory);
        _corpus = new LoadCorpus(plan);
        _ledger = new LoadLedger(plan, _corpus, TimeProvider.System);
        _certificate = _authority.IssueSelfSigned("*.load.test");
        _sink = LoadSink.Start(plan, _corpus, _ledger, _certificate.Context);
        for (var domain = 0; domain < plan.Domains; domain++)
        {
            var name = LoadPlan.DomainName(domain);
            _dns.Zone.AddMx(name, 10, "mx." + name).AddAddress("mx." + name, LoadSink.AddressOf(domain));
        }

        _settings = RelayProcess.LabSettings(directory, _dns.Address, _sink.Port);
        _settings["Relay:MaxConnectionsPerAddress"] = $"{plan.Sessions + 10}";
    }

    /// <summary>Runs a load.</summary>
    /// <param name="plan">The load.</param>
    /// <param name="directory">An empty directory for the relay's configuration, data and logs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<LoadResult> RunAsync(LoadPlan plan, string directory, CancellationToken cancellationToken)
    {
        await using var run = new LoadRun(plan, directory);
        return await run.RunAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _sink.DisposeAsync();
        await _dns.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }

    private async Task<LoadResult> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StartRelayAsync(cancellationToken);
            var labCpuBefore = Environment.CpuUsage.TotalTime;
            var load = LoadGenerator.RunAsync(_plan.Sessions, _ledger, WhenUp, cancellationToken);
            if (_plan.KillAfter is not null && await Task.WhenAny(load, _ledger.KillDue) != load)
            {
                await KillAndRestartAsync(cancellationToken);
            }

            await load;
            await _ledger.SettleAsync(cancellationToken);
            Use(_relay!.Process.ReadUsage());
            return _ledger.Summarize() with
            {
                Relay = _used,
                LabCpu = Environment.CpuUsage.TotalTime - labCpuBefore,
                OpenAtKill = _openAtKill,
            };
        }
        finally
        {
            await (_relay?.DisposeAsync() ?? ValueTask.CompletedTask);
        }
    }

    private async Task StartRelayAsync(CancellationToken cancellationToken)
    {
        _relay = await RelayProcess.StartAsync(_directory, _settings, cancellationToken);
        // What the start itself takes is not the messages' cost.
        _used = _used with { Cpu = _used.Cpu - (_relay.Process.ReadUsage()?.Cpu ?? TimeSpan.Zero) };
        _up.SetResult(_relay.EndPoint);
    }

    private async Task KillAndRestartAsync(CancellationToken cancellationToken)
    {
        _up = NewSignal();
        Use(_relay!.Process.ReadUsage());
        _openAtKill = _sink.OpenConnections;
        await _relay.Process.KillAsync(cancellationToken);
        await _relay.DisposeAsync();
        await StartRelayAsync(cancellationToken);
    }

    private Task<IPEndPoint> WhenUp() => _up.Task.IsCompleted && _relay!.Process.HasExited
        ? throw new InvalidOperationException($"The relay ended by itself:\n{_relay.Process.Log.Tail}")
        : _up.Task;

    private void Use(ProcessUsage? life)
    {
        if (life is { } used)
        {
            _used = new ProcessUsage(_used.Cpu + used.Cpu, Math.Max(_used.PeakResidentOctets, used.PeakResidentOctets));
        }
    }

    private static TaskCompletionSource<IPEndPoint> NewSignal() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}
