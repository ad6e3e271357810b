using System.Globalization;
using System.Net;
using Relay.Lab;

namespace Relay.Torture;

/// <summary>The lives of the relay on one directory, one after the other, and what their logs had to complain of.</summary>
internal sealed class TorturedRelay(string directory, Dictionary<string, string> settings) : IAsyncDisposable
{
    // What these events report is what the torture does to the store.
    private readonly List<string> _expected =
        ["store-failed", "disk-low", "spool-failed", "policy-store-failed", "report-counts-kept", "report-pass-failed"];

    private readonly List<string> _complaints = [];
    private TaskCompletionSource<IPEndPoint> _up = NewSignal();
    private RelayProcess? _relay;

    /// <summary>What its process has in its environment beside our own.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; set; } = new Dictionary<string, string>();

    /// <summary>Lines of the log that nothing excuses, and exit codes that are not 0.</summary>
    public IReadOnlyList<string> Complaints => _complaints;

    /// <summary>Events at level ERR that are no complaint either.</summary>
    public void Expect(IEnumerable<string> events) => _expected.AddRange(events);

    /// <summary>Completes with the relay's address as soon as it takes connections.</summary>
    public Task<IPEndPoint> WhenUp() => _up.Task.IsCompleted && _relay!.Process.HasExited
        ? throw new InvalidOperationException($"The relay ended by itself:\n{_relay.Process.Log.Tail}")
        : _up.Task;

    /// <summary>Begins a life.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _relay = await RelayProcess.StartAsync(directory, settings, Environment, cancellationToken);
        _up.SetResult(_relay.EndPoint);
    }

    /// <summary>SIGKILL, so long after the process was started, whether it takes mail by then or not.</summary>
    public async Task StartAndKillAsync(TimeSpan after, CancellationToken cancellationToken)
    {
        using var due = new CancellationTokenSource(after, TimeProvider.System);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(due.Token, cancellationToken);
        try
        {
            _relay = await RelayProcess.StartAsync(directory, settings, Environment, either.Token);
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The start kills what it gives up.
            await EndAsync();
        }
    }

    /// <summary>SIGKILL.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _up = NewSignal();
        await _relay!.Process.KillAsync(cancellationToken);
        await EndAsync();
    }

    /// <summary>SIGTERM, and SIGKILL a moment later, whether it has ended by then or not.</summary>
    public async Task StopAndKillAsync(TimeSpan after, CancellationToken cancellationToken)
    {
        _up = NewSignal();
        await _relay!.Process.SignalAsync("TERM", cancellationToken);
        await Task.Delay(after, TimeProvider.System, cancellationToken);
        await _relay.Process.KillAsync(cancellationToken);
        await EndAsync();
    }

    /// <summary>SIGTERM, and the time it needs.</summary>
    public async Task TerminateAsync(CancellationToken cancellationToken)
    {
        _up = NewSignal();
        var code = await _relay!.Process.TerminateAsync(cancellationToken);
        if (code != 0)
        {
            _complaints.Add(string.Create(CultureInfo.InvariantCulture, $"exit code {code} after SIGTERM:\n{_relay.Process.Log.Tail}"));
        }

        await EndAsync();
    }

    /// <summary>SIGSTOP, and SIGCONT after a while.</summary>
    public async Task PauseAsync(TimeSpan duration, CancellationToken cancellationToken)
    {
        await _relay!.Process.SignalAsync("STOP", cancellationToken);
        await Task.Delay(duration, TimeProvider.System, cancellationToken);
        await _relay.Process.SignalAsync("CONT", cancellationToken);
    }

    /// <summary>Takes the store's write lock; null when the relay does not let go of it.</summary>
    public StoreLock? TryLockStore()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            if (StoreLock.TryTake(Path.Combine(directory, "data", "queue.db")) is { } held)
            {
                return held;
            }
        }

        return null;
    }

    /// <summary>Starts and stops the relay once more, to see how many entries its queue has.</summary>
    public async Task<int> CountQueueAsync(CancellationToken cancellationToken)
    {
        await StartAsync(cancellationToken);
        var loaded = await _relay!.WaitForEventAsync("queue-loaded", "entries=", cancellationToken);
        await TerminateAsync(cancellationToken);
        var entries = loaded.Split("entries=")[1].Split(' ')[0];
        return int.Parse(entries, CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        if (_relay is not null)
        {
            await _relay.DisposeAsync();
        }
    }

    private async Task EndAsync()
    {
        if (_relay is null)
        {
            return;
        }

        await _relay.DisposeAsync();
        var log = _relay.Process.Log;
        _relay = null;
        var complaints = log.Lines.Where(IsComplaint).Take(5).ToList();
        if (complaints.Count == 0)
        {
            File.Delete(log.Path);
        }

        _complaints.AddRange(complaints.Select(line => $"{Path.GetFileName(log.Path)}: {line}"));
    }

    // 2026-11-22T07:40:12.345Z ERR store-failed …
    private bool IsComplaint(string line) =>
        line.StartsWith("Unhandled exception", StringComparison.Ordinal)
        || (line.Split(' ', 4) is [_, "ERR", var name, ..] && !_expected.Contains(name));

    private static TaskCompletionSource<IPEndPoint> NewSignal() =>
        new(TaskCreationOptions.RunContinuationsAsynchronously);
}
