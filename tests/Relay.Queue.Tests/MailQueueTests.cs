using System.Security.Cryptography;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests;

public sealed class MailQueueTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // What is queued is in memory, so there is an end of it
    public async Task Enqueue_AsManyEntriesAsMayBe_IsFullUntilThereAreFewer()
    {
        await using var lab = new QueueLab { Options = new QueueOptions { MaxEntries = 2 } };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        Assert.Equal(EnqueueResult.Stored, await lab.EnqueueAsync(queue, "ann@a.test", "bob@b.test"));
        Assert.Equal(EnqueueResult.Full, await lab.EnqueueAsync(queue, "eve@c.test"));
        Assert.Equal(2, (await lab.Log.NextAsync("queue-full"))["Most"]);
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, TestContext.Current.CancellationToken);

        lab.Pipeline.Outcome = (_, _) => FakePipeline.Delivered;
        queue.Control!.Retry(id: null, "a.test", "test");
        await lab.Log.NextAsync("delivered");
        await Poll.UntilAsync(() => queue.Control.UnderWay == 0, TestContext.Current.CancellationToken);
        Assert.Equal(EnqueueResult.Stored, await lab.EnqueueAsync(queue, "eve@c.test"));
        await lab.Log.NextAsync("queue-ok");
    }

    [Fact] // SMTP-45, RFC 5321 §6.1
    public async Task Enqueue_Stored_IsCommittedBeforeTheResult()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();

        Assert.Equal(EnqueueResult.Stored, await lab.EnqueueAsync(queue, "ann@example.net", "bob@example.org"));

        Assert.Equal("1|app@corp.example|QQ314159", lab.Query("SELECT COUNT(*), reverse_path, envelope_id FROM message"));
        Assert.Equal("ann@example.net\nbob@example.org", lab.Query("SELECT mailbox FROM recipient ORDER BY seq"));
    }

    [Fact] // SMTP-45, RFC 5321 §6.1
    public async Task Kill_DuringAttempts_EverythingStoredIsDeliveredAfterRestart()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(number => lab.EnqueueAsync(queue, $"u{number}@d{number % 7}.test")));

        await using var second = lab.CopyAsKilled();
        await second.StartAsync();

        var seen = new HashSet<string>();
        while (seen.Count < 50)
        {
            seen.Add((await second.Pipeline.NextAsync()).Recipients[0].Envelope.Mailbox.LocalPart);
        }
    }

    [Fact]
    public async Task Delivered_LastRecipient_LeavesNothingInTheStore()
    {
        await using var lab = new QueueLab();
        var content = new BytesContent(RandomNumberGenerator.GetBytes(600_000));
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, content, "ann@example.net", "bob@example.org");
        var line = await lab.Log.NextAsync("delivered");
        await lab.Log.NextAsync("delivered");
        await queue.StopAsync(Token);

        Assert.Equal("<app@corp.example>", line["From"]);
        Assert.Equal("none", line["Verified"]);
        Assert.Equal("0|0|0", lab.Query(
            "SELECT (SELECT COUNT(*) FROM message), (SELECT COUNT(*) FROM chunk), (SELECT COUNT(*) FROM staged)"));
        Assert.True(content.IsDisposed);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(262_144)]
    [InlineData(262_145)]
    [InlineData(1_000_001)]
    public async Task StoredContent_ReadBack_IsTheSameOctets(int octets)
    {
        var sent = RandomNumberGenerator.GetBytes(octets);
        await using var lab = new QueueLab { Options = new QueueOptions { MemoryOctets = 0 } };
        var received = new TaskCompletionSource<byte[]>();
        lab.Pipeline.Before = async (attempt, token) =>
        {
            using var copy = new MemoryStream();
            await foreach (var piece in attempt.Content.ReadAsync(token))
            {
                await copy.WriteAsync(piece, token);
            }

            received.SetResult(copy.ToArray());
        };
        var queue = await lab.StartAsync();
        var content = new BytesContent(sent, 7919);
        await lab.EnqueueAsync(queue, content, "ann@example.net");

        Assert.Equal(sent, await received.Task.WaitAsync(Token));
        Assert.True(content.IsDisposed);
    }

    [Fact] // SMTP-38, RFC 5321 §4.2.1
    public async Task Outcomes_PerRecipient_AreKeptApart()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, recipient) => recipient.Mailbox.LocalPart switch
        {
            "ok" or "app" => FakePipeline.Delivered,
            "later" => FakePipeline.Deferred,
            _ => FakePipeline.Bounced,
        };
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ok@a.test", "later@a.test", "never@a.test");
        Assert.Equal(1, (await lab.Log.NextAsync("notification-queued"))["Recipients"]);
        await lab.Clock.TimersScheduledAsync(1, Token);

        // One is delivered, one stays, of one the sender is told.
        Assert.Equal(
            "later@a.test|0|1|4.4.1",
            lab.Query("SELECT mailbox, state, attempts, last_status FROM recipient WHERE mailbox LIKE '%a.test'"));

        Assert.Equal(3, (await lab.Pipeline.NextAsync()).Recipients.Count);
        Assert.Equal("app", Assert.Single((await lab.Pipeline.NextAsync()).Recipients).Envelope.Mailbox.LocalPart);
        lab.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal("later", Assert.Single((await lab.Pipeline.NextAsync()).Recipients).Envelope.Mailbox.LocalPart);
    }

    [Fact] // HARD: full disk
    public async Task Enqueue_DiskFull_IsRefusedAndResumesByItself()
    {
        await using var lab = new QueueLab { MaxPages = 40 };
        var hold = new TaskCompletionSource();
        lab.Pipeline.Before = (_, token) => hold.Task.WaitAsync(token);
        var queue = await lab.StartAsync();
        var result = EnqueueResult.Stored;
        var stored = 0;
        while ((result = await lab.EnqueueAsync(queue, new BytesContent(new byte[100_000]), "ann@example.net")) == EnqueueResult.Stored)
        {
            stored++;
        }

        Assert.Equal(EnqueueResult.Full, result);
        Assert.InRange(stored, 1, 6);
        hold.SetResult();
        for (var settled = 0; settled < stored; settled++)
        {
            await lab.Log.NextAsync("delivered");
        }

        await lab.Pipeline.NextAsync();
        await Poll.UntilAsync(async () => await lab.EnqueueAsync(queue, "bob@example.org") == EnqueueResult.Stored, Token);
    }

    [Fact]
    public async Task Enqueue_IdTwice_FailsAloneAmongOthers()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();
        var mail = new MailFrom(ReversePath.Null);
        var id = queue.NextId();
        QueuedEnvelope Envelope(QueueId of) => new(of, mail, [new RcptTo(new Mailbox("a", "b.test"))], lab.Clock.GetUtcNow());
        await queue.EnqueueAsync(Envelope(id), new BytesContent([1]), Token);

        var results = await Task.WhenAll(Enumerable.Range(0, 30).Select(number => queue.EnqueueAsync(
            Envelope(number == 7 ? id : queue.NextId()), new BytesContent([1]), Token).AsTask()));

        Assert.Equal(EnqueueResult.StoreUnavailable, results[7]);
        Assert.Equal(29, results.Count(result => result == EnqueueResult.Stored));
    }

    [Fact]
    public async Task Ids_AfterRestartAndClockStep_GoOnRising()
    {
        await using var lab = new QueueLab();
        var queue = await lab.StartAsync();
        var last = Enumerable.Range(0, 1000).Select(_ => queue.NextId()).Last();
        await queue.StopAsync(Token);
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(-400));

        var again = await lab.StartAsync();

        Assert.True(again.NextId().Value > last.Value);
    }

    [Fact] // Two relays on one data directory
    public async Task Start_DirectoryInUse_IsRefusedWithTheRemedy()
    {
        await using var lab = new QueueLab();
        await lab.StartAsync();
        using var second = lab.Make();

        var error = await Assert.ThrowsAsync<IOException>(() => second.StartAsync(Token));

        Assert.Contains("Relay:DataDirectory", error.Message, StringComparison.Ordinal);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(lab.Directory, "queue.db")));
    }

    [Fact]
    public async Task Stop_AttemptInFlight_IsFinishedAndSettled()
    {
        await using var lab = new QueueLab();
        var hold = new TaskCompletionSource();
        lab.Pipeline.Before = (_, token) => hold.Task.WaitAsync(token);
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net");
        await lab.Pipeline.NextAsync();
        var stopping = queue.StopAsync(Token);
        Assert.False(stopping.IsCompleted);

        hold.SetResult();
        await stopping;

        Assert.Equal("0", lab.Query("SELECT COUNT(*) FROM message"));
    }

    [Fact]
    public async Task Pipeline_Throws_MessageIsDeferred()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Before = (_, _) => throw new InvalidOperationException("a bug");
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net");

        Assert.Equal("internal-error", (await lab.Log.NextAsync("deferred"))["Reason"]);
    }
}
