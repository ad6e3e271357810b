using System.Globalization;

namespace Relay.Torture.DiskFaults;

/// <summary>
/// The real relay under load on a disk that fails: fsync, writes and reads of the queue's log and database, for a moment or for seconds. It
/// is killed while the disk fails or after, and mostly the power goes with it: then the next life has what was durable. In the end the disk
/// is well, and what was answered 250 must have arrived, and nothing that was refused.
/// </summary>
public sealed class DiskFaultRun : IAsyncDisposable
{
    // While no read succeeds the store counts as damaged, and what is queued cannot be read. Real damage ends the next start.
    // What is to be returned of a message cannot be read either: its sender is told without it, or later (store-refused).
    private static readonly string[] Expected = ["checkpoint-failed", "message-unreadable", "notification-faulted", "store-corrupt", "store-refused"];

    private readonly TortureScene _scene;
    private readonly FaultyDisk _disk;
    private readonly Random _random;

    private DiskFaultRun(TorturePlan plan, FaultyDisk disk, string directory, CancellationToken cancellationToken)
    {
        _disk = disk;
        _random = new Random(plan.Seed);
        _scene = new TortureScene(plan, directory, cancellationToken);
        _scene.Relay.Environment = disk.Environment;
        _scene.Relay.Expect(Expected);
    }

    /// <summary>Runs it; null, with the reason, where there is no C compiler.</summary>
    /// <param name="plan">The load; <see cref="TorturePlan.Kills"/> is how often the relay is killed.</param>
    /// <param name="faults">The names of the faults that are drawn from; all when there is none.</param>
    /// <param name="directory">An empty directory.</param>
    /// <param name="progress">Hears a line now and then; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<(TortureResult? Result, string Reason)> RunAsync(
        TorturePlan plan, IReadOnlyList<string> faults, string directory, Action<string>? progress, CancellationToken cancellationToken)
    {
        if (FaultyDisk.TryBuild(Path.Combine(directory, "disk"), Path.Combine(directory, "data"), out var reason) is not { } disk)
        {
            return (null, reason);
        }

        var drawn = DiskFault.All.Where(fault => faults.Count == 0 || faults.Contains(fault.Name)).ToList();
        if (drawn.Count == 0)
        {
            return (null, $"There is no such fault; write some of {string.Join(", ", DiskFault.All.Select(fault => fault.Name))}");
        }

        await using var run = new DiskFaultRun(plan, disk, directory, cancellationToken);
        for (var kills = 0; kills < plan.Kills;)
        {
            var round = DiskFaultRound.Draw(run._random, plan, drawn);
            await run.LiveAsync(round, cancellationToken);
            kills += round.IsKilled ? 1 : 0;
            progress?.Invoke(string.Create(
                CultureInfo.InvariantCulture,
                $"{run._scene.Elapsed.TotalSeconds:F0} s: {round.Fault.Name} for {round.Outage.TotalSeconds:F2} s, {round.End}; {kills} kills, {run._scene.Ledger.Copies} copies arrived, {run._scene.Ledger.CountMissing()} on their way"));
        }

        await run._scene.Relay.StartAsync(cancellationToken);
        return (await run._scene.FinishAsync(cancellationToken), string.Empty);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    private async Task LiveAsync(DiskFaultRound round, CancellationToken cancellationToken)
    {
        // Holds mail back, so that there is something to read.
        _scene.Note(_scene.Internet.Trouble(_random));
        await _scene.Relay.StartAsync(cancellationToken);
        await Task.Delay(round.Before, TimeProvider.System, cancellationToken);
        if (round.Fault.Call is { } call)
        {
            _disk.Fail(call, round.Fault.File, round.Fault.IsOnce, round.Fault.Error);
        }

        await Task.Delay(round.Outage, TimeProvider.System, cancellationToken);
        _scene.Note(round.Fault.Name);

        if (round.After > TimeSpan.Zero)
        {
            _disk.Mend();
            await Task.Delay(round.After, TimeProvider.System, cancellationToken);
        }

        await EndAsync(round, cancellationToken);
    }

    private async Task EndAsync(DiskFaultRound round, CancellationToken cancellationToken)
    {
        if (!round.IsKilled)
        {
            _scene.Internet.Lift();
            await _scene.Relay.TerminateAsync(cancellationToken);
            await _scene.EndLifeAsync(LifeEnd.Terminate);
            return;
        }

        await _scene.Relay.KillAsync(cancellationToken);
        _disk.Mend();
        if (round.Loss is { } loss)
        {
            _scene.Note(string.Create(CultureInfo.InvariantCulture, $"power-loss-{loss}"));
            _disk.LosePower(loss, _random);
        }

        await _scene.EndLifeAsync(LifeEnd.Kill);
    }
}
