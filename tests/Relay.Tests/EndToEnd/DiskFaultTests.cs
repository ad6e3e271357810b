using System.Globalization;
using Microsoft.Data.Sqlite;
using Relay.Lab;
using Relay.Lab.Mx;
using Relay.Torture.DiskFaults;

namespace Relay.Tests.EndToEnd;

/// <summary>
/// The real program on a disk whose fsync fails and that loses its power (<c>bench/Relay.Torture/DiskFaults</c>). The host takes nothing until
/// the end: what is queued is what was answered 250.
/// </summary>
public sealed class DiskFaultTests : IAsyncDisposable
{
    private const string Log = "queue.db-wal";
    private const string Database = "queue.db";

    private static readonly MxAction Closed = MxAction.ReplyAndClose("421 4.3.2 Closed");
    private static readonly string Megabyte = string.Concat(Enumerable.Repeat(new string('x', 998) + "\r\n", 1000));

    private readonly string _directory = Directory.CreateTempSubdirectory("relay-disk").FullName;
    private readonly LabInternet _internet = new();
    private readonly LabMx _mx;
    private readonly Dictionary<string, string> _settings;
    private readonly FaultyDisk? _disk;
    private readonly string _reason;
    private readonly List<string> _accepted = [];
    private int _submitted;

    public DiskFaultTests()
    {
        _mx = _internet.AddDomain("one.test");
        _mx.Behavior = _mx.Behavior.At(MxRule.Connect, Closed);
        _settings = RelayProcess.LabSettings(_directory, _internet.Dns.Address, _internet.MxPort);
        _settings["Queue:RetrySchedule:0"] = "00:00:01";
        _disk = FaultyDisk.TryBuild(Path.Combine(_directory, "disk"), Path.Combine(_directory, "data"), out _reason);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private FaultyDisk Disk => _disk ?? throw new InvalidOperationException(_reason);

    public async ValueTask DisposeAsync()
    {
        await _mx.DisposeAsync();
        await _internet.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }

    [Theory] // SMTP-45, RFC 5321 §6.1: 250 only for what is on the disk, also behind an fsync that failed
    [InlineData(PowerLoss.Old)]
    [InlineData(PowerLoss.Torn)]
    [InlineData(PowerLoss.Some)]
    public async Task CommitFsync_FailsForAWhileAndThenThePowerGoes_NothingAcceptedIsLostAndNothingRefusedComes(PowerLoss loss)
    {
        await using (var relay = await StartAsync())
        {
            Assert.StartsWith("250", await SubmitAsync(relay), StringComparison.Ordinal);
            Disk.Fail(DiskCall.Sync, Log);
            Assert.StartsWith("451 4.3.0", await SubmitAsync(relay), StringComparison.Ordinal);
            Assert.StartsWith("451 4.3.0", await SubmitAsync(relay), StringComparison.Ordinal);
            Disk.Mend();
            await Poll.UntilAsync(async () => (await SubmitAsync(relay)).StartsWith("250", StringComparison.Ordinal), Cancel);
            Assert.StartsWith("250", await SubmitAsync(relay), StringComparison.Ordinal);
            await relay.Process.KillAsync(Cancel);
        }

        LosePower(loss);
        await AssertAllComeAsync();
    }

    [Theory] // SMTP-45: what was refused lies whole in the system's memory, and is not found there by the next start
    [InlineData(true)]
    [InlineData(false)]
    public async Task CommitFsync_FailsAndTheRelayIsKilled_WhatWasRefusedDoesNotCome(bool isFirstCommit)
    {
        await using (var relay = await StartAsync())
        {
            if (!isFirstCommit)
            {
                Assert.StartsWith("250", await SubmitAsync(relay), StringComparison.Ordinal);
            }

            Disk.Fail(DiskCall.Sync, Log);
            Assert.StartsWith("451 4.3.0", await SubmitAsync(relay), StringComparison.Ordinal);
            await relay.Process.KillAsync(Cancel);
            Disk.Mend();
        }

        await AssertAllComeAsync();
    }

    [Fact] // SMTP-45: pages that a reader's snapshot let into the file are there before an fsync; that of the next checkpoint fails
    public async Task CheckpointFsync_FailsBehindAPartOne_NothingIsLostWithThePower()
    {
        await using (var relay = await StartAsync())
        {
            await SubmitMegabytesAsync(relay, 5);
            await using (var reader = new SqliteConnection($"Data Source={Path.Combine(_directory, "data", Database)};Pooling=False"))
            {
                await reader.OpenAsync(Cancel);
#pragma warning disable CA1849 // The asynchronous form cannot defer.
                await using var snapshot = reader.BeginTransaction(deferred: true);
#pragma warning restore CA1849
                await using var look = reader.CreateCommand();
                look.CommandText = "SELECT COUNT(*) FROM message";
                Assert.Equal(5L, await look.ExecuteScalarAsync(Cancel));
                await SubmitMegabytesAsync(relay, 35);
                Disk.Fail(DiskCall.Sync, Database, isOnce: true);
            }

            await SubmitMegabytesAsync(relay, 5);
            await relay.WaitForEventAsync("checkpoint-failed", "reason=store-error", Cancel);
            await relay.WaitForEventAsync("checkpoint-recovered", string.Empty, Cancel);
            await SubmitMegabytesAsync(relay, 1);
            await relay.Process.KillAsync(Cancel);
        }

        LosePower(PowerLoss.Old);
        await AssertAllComeAsync();
    }

    [Fact] // One read that fails is no damage: mail is taken, and what is queued is delivered
    public async Task Read_FailsOnce_NothingIsClosed()
    {
        await using (var relay = await StartAsync())
        {
            Assert.StartsWith("250", await SubmitAsync(relay), StringComparison.Ordinal);
            await relay.Process.KillAsync(Cancel);
        }

        await using (var relay = await StartAsync())
        {
            await relay.WaitForEventAsync("deferred", "reason=", Cancel);
            Disk.Fail(DiskCall.Read, Database, isOnce: true);
            await Poll.UntilAsync(
                async () =>
                {
                    Assert.StartsWith("250", await SubmitAsync(relay), StringComparison.Ordinal);
                    return !Disk.IsFailing(DiskCall.Read);
                },
                Cancel);
            Assert.StartsWith("250", await SubmitAsync(relay), StringComparison.Ordinal);
            Assert.Empty(relay.Events("store-corrupt"));
            await relay.Process.TerminateAsync(Cancel);
        }

        await AssertAllComeAsync();
    }

#pragma warning disable CA5394 // A test that fails has to fail again.
    private void LosePower(PowerLoss loss) => Disk.LosePower(loss, new Random(1));
#pragma warning restore CA5394

    private async Task<RelayProcess> StartAsync()
    {
        Assert.SkipWhen(_disk is null, _reason);
        return await RelayProcess.StartAsync(_directory, _settings, Disk.Environment, Cancel);
    }

    private async Task<string> SubmitAsync(RelayProcess relay, string body = "body\r\n")
    {
        var recipient = string.Create(CultureInfo.InvariantCulture, $"{++_submitted}@one.test");
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        var reply = await talk.SendAsync("app@corp.test", [recipient], $"Subject: x\r\n\r\n{body}", string.Empty, Cancel);
        if (reply.StartsWith("250", StringComparison.Ordinal))
        {
            _accepted.Add(recipient);
        }

        return reply;
    }

    private async Task SubmitMegabytesAsync(RelayProcess relay, int count)
    {
        for (var megabyte = 0; megabyte < count; megabyte++)
        {
            // The first behind a fault may be refused.
            await Poll.UntilAsync(async () => (await SubmitAsync(relay, Megabyte)).StartsWith("250", StringComparison.Ordinal), Cancel);
        }
    }

    private async Task AssertAllComeAsync()
    {
        await using var relay = await StartAsync();
        await relay.WaitForEventAsync("queue-loaded", string.Create(CultureInfo.InvariantCulture, $"entries={_accepted.Count} "), Cancel);
        _mx.Behavior = new MxBehavior { HostName = _mx.Behavior.HostName, Certificate = _mx.Behavior.Certificate };
        var messages = await _mx.WaitForMessagesAsync(_accepted.Count, Cancel);
        Assert.Equal(_accepted.Order(StringComparer.Ordinal), messages.SelectMany(message => message.Recipients).Order(StringComparer.Ordinal));
        Assert.Equal(0, await relay.Process.TerminateAsync(Cancel));
    }
}
