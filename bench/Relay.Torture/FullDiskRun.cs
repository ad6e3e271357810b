using System.Globalization;

namespace Relay.Torture;

/// <summary>
/// The real relay on a small file system that fills up, again and again. Nothing can be delivered; clients submit until they
/// are refused, and go on trying. Then, in turn: nothing else; another program takes the last octet for a while; the relay
/// is killed and started; the last octet is taken and it is killed. In the end the hosts live again, and the relay must come
/// back by itself.
/// </summary>
public static class FullDiskRun
{
    private const int Refusals = 300;

    // Long enough for retries of what waits to be written.
    private static readonly TimeSpan StaysFull = TimeSpan.FromSeconds(3);

    /// <summary>Runs it; null, with the reason, when no file system can be mounted.</summary>
    /// <param name="plan">The load; <see cref="TorturePlan.Kills"/> is how often the disk fills up.</param>
    /// <param name="octets">The size of the file system.</param>
    /// <param name="directory">An empty directory.</param>
    /// <param name="progress">Hears a line now and then; null for nobody.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<(TortureResult? Result, string Reason)> RunAsync(
        TorturePlan plan, long octets, string directory, Action<string>? progress, CancellationToken cancellationToken)
    {
        using var disk = SmallDisk.TryMount(Path.Combine(directory, "data"), octets, out var reason);
        if (disk is null)
        {
            return (null, $"A file system of {octets} octets cannot be mounted: {reason}");
        }

        await using var scene = new TortureScene(plan with { MinFreeOctets = octets / 2 }, directory, cancellationToken);
        await scene.Relay.StartAsync(cancellationToken);
        for (var cycle = 0; cycle < plan.Kills; cycle++)
        {
            await FillAsync(scene, cancellationToken);
            await WorsenAsync(scene, disk, cycle % 4, cancellationToken);
            var (accepted, refused) = (scene.Ledger.Accepted, scene.Ledger.Refused);
            scene.Internet.Lift();
            disk.Free();
            if (!await scene.WaitUntilAsync(() => scene.Ledger.Accepted > accepted + Refusals, cancellationToken))
            {
                throw new InvalidOperationException("The relay did not come back from a full disk");
            }

            progress?.Invoke(string.Create(
                CultureInfo.InvariantCulture,
                $"{scene.Elapsed.TotalSeconds:F0} s: full {cycle + 1} times; {refused} refused, {scene.Ledger.Accepted} accepted, {scene.Ledger.CountMissing()} on their way"));
            await scene.WaitUntilAsync(() => scene.Ledger.CountMissing() < Refusals, cancellationToken);
        }

        return (await scene.FinishAsync(cancellationToken), string.Empty);
    }

    private static async Task FillAsync(TortureScene scene, CancellationToken cancellationToken)
    {
        scene.Internet.CloseDown();
        var before = scene.Ledger.Refused;
        if (!await scene.WaitUntilAsync(() => scene.Ledger.Refused >= before + Refusals, cancellationToken))
        {
            throw new InvalidOperationException("The disk did not fill up");
        }

        scene.Note("disk-full");
        await Task.Delay(StaysFull, TimeProvider.System, cancellationToken);
    }

    private static async Task WorsenAsync(TortureScene scene, SmallDisk disk, int kind, CancellationToken cancellationToken)
    {
        if (kind is 1 or 3)
        {
            disk.Fill();
            scene.Note("last-octet-taken");
            await Task.Delay(StaysFull, TimeProvider.System, cancellationToken);
        }

        if (kind >= 2)
        {
            await scene.Relay.KillAsync(cancellationToken);
            scene.Note("killed-while-full");
            await scene.EndLifeAsync(LifeEnd.Kill);
            disk.Free();
            scene.Internet.CloseDown();
            await scene.Relay.StartAsync(cancellationToken);
        }
    }
}
