using Relay.Torture;
using Relay.Torture.DiskFaults;

namespace Relay.Tests.EndToEnd;

/// <summary>The short form of <c>bench/Relay.Torture</c>; docs/reliability.md has the long one.</summary>
public sealed class TortureTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-torture").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // SMTP-45, RFC 5321 §6.1: what was answered 250 is not lost, whatever breaks.
    public async Task FiveKills_WhileDnsTlsSmtpAndTheStoreFail_LoseNothingAndDoubleOnlyWhatWasUnderWay()
    {
        var plan = new TorturePlan { Kills = 5, Seed = 2, MessagesPerSecond = 60 };
        var result = await TortureRun.RunAsync(plan, _directory, progress: null, Cancel);
        Assert.Empty(result.Failures(plan));
        Assert.NotEmpty(result.Faults);
    }

    [Fact] // SMTP-45, HARD: full disk. A queue that filled its disk is emptied, and mail is taken again, without a restart.
    public async Task SmallDisk_FilledByMailThatCannotGo_IsEmptiedAndLosesNothing()
    {
        var plan = new TorturePlan { Kills = 1, MessagesPerSecond = 1000 };
        var (result, reason) = await FullDiskRun.RunAsync(plan, 128 * 1024 * 1024, _directory, progress: null, Cancel);
        Assert.SkipWhen(result is null, reason);
        Assert.Empty(result!.Failures(plan));
        Assert.Contains("452 4.3.1", result.Refusals.Keys);
    }

    [Fact] // SMTP-45, HARD: fsync, writes and reads of the queue's files fail, and the power goes.
    public async Task DiskFaults_WithPowerLosses_LoseNothingAndRefuseNothingThatArrives()
    {
        var plan = new TorturePlan { Kills = 5, Seed = 4, MessagesPerSecond = 60 };
        var (result, reason) = await DiskFaultRun.RunAsync(plan, [], _directory, progress: null, Cancel);
        Assert.SkipWhen(result is null, reason);
        Assert.Empty(result!.Failures(plan));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
