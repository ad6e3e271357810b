using System.Text;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Sqlite;
using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Tests.Storage;

/// <summary>A disk that is really full: 452, nothing lost, and service again when there is room.</summary>
public sealed class FullDiskTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Queue_OnAFullDisk_RefusesLosesNothingAndResumesWithRoom()
    {
        using var disk = SmallDisk.Mount(8);
        await using var lab = new QueueLab
        {
            Directory = Directory.CreateDirectory(Path.Combine(disk.Path, "data")).FullName,
            Options = new QueueOptions { MinFreeOctets = 0 },
        };
        var hold = new TaskCompletionSource();
        lab.Pipeline.Before = (_, token) => hold.Task.WaitAsync(token);
        var queue = await lab.StartAsync();
        var accepted = new HashSet<string>();
        EnqueueResult result;
        while ((result = await lab.EnqueueAsync(queue, new BytesContent(new byte[90_000]), $"u{accepted.Count}@a.test")) == EnqueueResult.Stored)
        {
            accepted.Add($"u{accepted.Count}");
        }

        Assert.Equal(EnqueueResult.Full, result);
        Assert.Equal("disk-full", (await lab.Log.NextAsync("store-failed"))["Reason"]);
        Assert.InRange(accepted.Count, 10, 90);

        // What was accepted is delivered, once each, though the store cannot note it before there is room.
        hold.SetResult();
        disk.Grow(64);
        var delivered = new List<string>();
        while (delivered.Count < accepted.Count)
        {
            delivered.Add(Assert.Single((await lab.Pipeline.NextAsync()).Recipients).Envelope.Mailbox.LocalPart);
        }

        Assert.True(accepted.SetEquals(delivered));
        await Poll.UntilAsync(async () => await lab.EnqueueAsync(queue, "bob@b.test") == EnqueueResult.Stored, Token);

        Assert.Equal("b.test", (await lab.Pipeline.NextAsync()).Destination.Key);
        await queue.StopAsync(Token);
        Assert.Equal("0", lab.Query("SELECT COUNT(*) FROM message"));
    }

    [Fact] // A commit that fails costs its connection, which must not stay open: there may be one a second
    public async Task Commits_OnAFullDisk_LeaveNothingOpen()
    {
        using var disk = SmallDisk.Mount(4);
        using var source = new SqliteDataSource(Path.Combine(disk.Path, "queue.db"));
        await using (var connection = await source.OpenConnectionAsync(Token))
        {
            QueueSchema.Prepare(connection);
        }

        using var lab = new LabWriter(source);
        var full = 0;
        for (var seq = 0; full < 20; seq++)
        {
            var fault = await lab.Writer.SubmitAsync(new StageChunk(new QueueId(1), seq, new byte[200_000]));
            full += fault == StoreFault.Full ? 1 : 0;
        }

        var open = Directory.GetFiles("/proc/self/fd")
            .Count(link => new FileInfo(link).LinkTarget?.StartsWith(disk.Path, StringComparison.Ordinal) == true);
        Assert.InRange(open, 0, 6);
    }

    [Fact] // A message too large for what is left is refused while it arrives; smaller ones go on
    public async Task Spool_OnAFullDisk_Is452AndOthersAreTaken()
    {
        using var disk = SmallDisk.Mount(6);
        await using var internet = new LabInternet();
        var mx = internet.AddDomain("good.test");
        var data = Path.Combine(disk.Path, "data");
        await using var relay = await internet.StartRelayAsync(("Relay:DataDirectory", data), ("Queue:MinFreeOctets", "0"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
        var line = new string('x', 998) + "\r\n";
        var large = new StringBuilder("Subject: large\r\n\r\n").Insert(18, line, 8_000).ToString();
        await talk.SendAsync("app@corp.test", ["ann@good.test"], large, "452 4.3.1", Token);
        Assert.NotEmpty(relay.Log.Of("spool-failed"));
        await talk.SendAsync("app@corp.test", ["ann@good.test"], "Subject: small\r\n\r\nbody\r\n", "250 2.0.0", Token);
        await relay.Log.NextAsync("delivered", Token);
        Assert.Single(mx.Messages);
        Assert.Empty(Directory.GetFiles(Path.Combine(data, "spool")));
    }
}
