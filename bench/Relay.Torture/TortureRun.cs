using System.Globalization;

namespace Relay.Torture;

/// <summary>
/// The real relay under load, life after life on the same data, while everything around it breaks and it is killed at
/// random moments. In the end all troubles cease, and what was answered 250 must have arrived.
/// </summary>
public sealed class TortureRun : IAsyncDisposable
{
    private readonly TorturePlan _plan;
    private readonly TortureScene _scene;
    private readonly TorturedRelay _relay;
    private readonly Random _random;

    private TortureRun(TorturePlan plan, string directory, CancellationToken cancellationToken)
    {
        _plan = plan;
        _random = new Random(plan.Seed);
        _scene = new TortureScene(plan, directory, cancellationToken);
        _relay = _scene.Relay;
    }

    /// <summary>Runs it.</summary>
    /// <param name="plan">How many kills, and what they are drawn from.</param>
    /// <param name="directory">An empty directory for the relay's configuration, data and logs.</param>
    /// <param name="progress">Hears a line now and then; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<TortureResult> RunAsync(
        TorturePlan plan, string directory, Action<string>? progress, CancellationToken cancellationToken)
    {
        await using var run = new TortureRun(plan, directory, cancellationToken);
        for (var kills = 0; kills < plan.Kills;)
        {
            var round = TortureRound.Draw(run._random, plan);
            await run.LiveAsync(round, cancellationToken);
            kills += round.End == LifeEnd.Terminate ? 0 : 1;
            progress?.Invoke(string.Create(
                CultureInfo.InvariantCulture,
                $"{run._scene.Elapsed.TotalSeconds:F0} s: {kills} kills, {run._scene.Ledger.Copies} copies arrived, {run._scene.Ledger.CountMissing()} on their way"));
        }

        await run._relay.StartAsync(cancellationToken);
        return await run._scene.FinishAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _scene.DisposeAsync();

    private async Task LiveAsync(TortureRound round, CancellationToken cancellationToken)
    {
        for (var trouble = 0; trouble < round.Troubles; trouble++)
        {
            _scene.Note(_scene.Internet.Trouble(_random));
        }

        if (round.End == LifeEnd.KillInStart)
        {
            await _relay.StartAndKillAsync(round.Length, cancellationToken);
        }
        else
        {
            await _relay.StartAsync(cancellationToken);
            await SufferAsync(round, cancellationToken);
            await EndAsync(round, cancellationToken);
        }

        await _scene.EndLifeAsync(round.End);
    }

    private async Task SufferAsync(TortureRound round, CancellationToken cancellationToken)
    {
        await Task.Delay(round.Length / 2, TimeProvider.System, cancellationToken);
        using var held = round.StoreLock > TimeSpan.Zero ? _relay.TryLockStore() : null;
        if (held is not null)
        {
            _scene.Note("store-locked");
            await Task.Delay(round.StoreLock, TimeProvider.System, cancellationToken);
        }

        if (round.Pause > TimeSpan.Zero)
        {
            _scene.Note("relay-stopped");
            await _relay.PauseAsync(round.Pause, cancellationToken);
        }

        await Task.Delay(round.Length / 2, TimeProvider.System, cancellationToken);
        if (round.End == LifeEnd.Kill)
        {
            // While the store is still locked, if it is.
            await _relay.KillAsync(cancellationToken);
        }
    }

    private async Task EndAsync(TortureRound round, CancellationToken cancellationToken)
    {
        if (round.End == LifeEnd.KillInStop)
        {
            await _relay.StopAndKillAsync(_random.NextDouble() * TimeSpan.FromMilliseconds(300), cancellationToken);
        }
        else if (round.End == LifeEnd.Terminate)
        {
            // A stop in good order is one that nothing hinders.
            _scene.Internet.Lift();
            await _relay.TerminateAsync(cancellationToken);
        }
    }
}
