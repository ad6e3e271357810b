using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests.Scheduling;

/// <summary>Senders hear that their mail waits when it is time, whether or not it has been tried.</summary>
public sealed class DelayWarningTests
{
    private static readonly TimeSpan Warning = TimeSpan.FromHours(4);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // DSN-08, RFC 5321 §4.5.4.1: a site that is left alone gives one attempt in a quarter of an hour, whatever waits for it
    public async Task Warning_TwoHundredMessagesAtADeadSite_ReachesEachSenderOnce()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (attempt, _) => attempt.Destination.Key == "dead.test" ? FakePipeline.Unreachable : FakePipeline.Delivered;
        var queue = await lab.StartAsync();
        for (var number = 0; number < 200; number++)
        {
            await EnqueueAsync(lab, queue, new Mailbox($"s{number}", "corp.example"), "dead.test");
        }

        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        lab.Clock.Advance(Warning);
        var told = new HashSet<string>();
        for (var number = 0; number < 200; number++)
        {
            var line = await lab.Log.NextAsync("notification-queued");
            Assert.Equal("delayed", line["Kind"]);
            Assert.True(told.Add((string)line["To"]!));
        }

        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        Assert.Equal("200", lab.Query("SELECT COUNT(*) FROM recipient WHERE warned = 1"));
        Assert.InRange(int.Parse(lab.Query("SELECT COUNT(*) FROM recipient WHERE attempts > 0"), provider: null), 1, 40);
        lab.Clock.Advance(TimeSpan.FromHours(8));
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        Assert.False(lab.Log.Has("notification-queued"));
    }

    [Fact] // DSN-08, RFC 3461 §5.2.6: one that was never tried is told what its site last failed of
    public async Task Warning_OfMailThatWasNotTried_SaysWhatItsSiteFailedOf()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (attempt, _) => attempt.Destination.Key == "dead.test" ? FakePipeline.Unreachable : FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        for (var number = 0; number < 60; number++)
        {
            await EnqueueAsync(lab, queue, new Mailbox($"s{number}", "corp.example"), "dead.test");
        }

        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        lab.Clock.Advance(Warning);
        for (var number = 0; number < 60; number++)
        {
            await lab.Log.NextAsync("notification-queued");
        }

        await Poll.UntilAsync(() => lab.Query("SELECT COUNT(*) FROM message WHERE reverse_path = ''") == "60", Token);
        const string Notices = "SELECT COUNT(*) FROM message WHERE reverse_path = '' AND instr(CAST(head AS TEXT), ";

        // One that is being tried as its time comes is told of what that came to, by its own attempt.
        Assert.InRange(int.Parse(lab.Query(Notices + "'Status: 4.4.1')"), provider: null), 55, 60);
        Assert.InRange(int.Parse(lab.Query(Notices + "'Try later')"), provider: null), 55, 60);
        Assert.Equal("60", lab.Query(Notices + "'Will-Retry-Until: ')"));
        var tried = lab.Query("SELECT COUNT(*) FROM recipient WHERE attempts > 0 AND destination = 'dead.test'");
        Assert.InRange(int.Parse(lab.Query(Notices + "'Last-Attempt-Date: ')"), provider: null), 1, int.Parse(tried, provider: null));
    }

    [Fact] // DSN-08, DSN-09, RFC 3461 §4.1: nobody who does not want it, no sender that is none
    public async Task Warning_NotWantedOrNobodyToTell_IsNotGiven()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Unreachable;
        var queue = await lab.StartAsync();
        var sender = new Mailbox("app", "corp.example");
        await EnqueueAsync(lab, queue, sender, "dead.test", DsnNotify.Never);
        await EnqueueAsync(lab, queue, sender, "dead.test", DsnNotify.Failure);
        await EnqueueAsync(lab, queue, sender: null, "dead.test");
        await EnqueueAsync(lab, queue, sender, "dead.test", reportKey: "r");
        await EnqueueAsync(lab, queue, new Mailbox("told", "corp.example"), "dead.test", DsnNotify.Delay);
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        lab.Clock.Advance(Warning);

        Assert.Equal("<told@corp.example>", (await lab.Log.NextAsync("notification-queued"))["To"]);
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        await queue.StopAsync(Token);
        Assert.False(lab.Log.Has("notification-queued"));
        Assert.Equal("1", lab.Query("SELECT COUNT(*) FROM recipient WHERE warned = 1"));
    }

    [Fact] // DSN-08: what waits for hours needs no attempt; one notification about all its recipients; kept over a restart
    public async Task Warning_RecipientsThatWaitForTheirNextAttempt_IsOneAndKeptOverARestart()
    {
        var options = new QueueOptions { RetrySchedule = [TimeSpan.FromHours(20)] };
        await using var lab = new QueueLab { Options = options };
        lab.Pipeline.Outcome = (attempt, _) => attempt.Mail.ReversePath.IsNull ? FakePipeline.Delivered : FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test", "bob@b.test", "eve@b.test");
        await Poll.UntilAsync(() => lab.Query("SELECT COUNT(*) FROM recipient WHERE attempts = 1") == "3", Token);
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        lab.Clock.Advance(Warning);
        var line = await lab.Log.NextAsync("notification-queued");
        Assert.Equal(("delayed", 3), (line["Kind"], line["Recipients"]));
        await lab.Log.NextAsync("delivered");
        await queue.StopAsync(Token);
        Assert.Equal("3|3", lab.Query("SELECT SUM(warned), SUM(attempts) FROM recipient"));

        var again = await lab.StartAsync();
        lab.Clock.Advance(TimeSpan.FromHours(19));
        await Poll.UntilAsync(() => lab.Query("SELECT SUM(attempts) FROM recipient") == "6", Token);
        await again.StopAsync(Token);
        Assert.False(lab.Log.Has("notification-queued"));
    }

    [Theory] // DSN-08: by the time that passes, not by the wall clock
    [InlineData(400)]
    [InlineData(-400)]
    public async Task Warning_ClockSteps_ComesWhenItIsTime(int days)
    {
        await using var lab = new QueueLab { Options = new QueueOptions { RetrySchedule = [TimeSpan.FromHours(20)] } };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test");
        await Poll.UntilAsync(() => lab.Query("SELECT attempts FROM recipient") == "1", Token);
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow().AddDays(days));
        lab.Clock.Advance(Warning - TimeSpan.FromMinutes(1));
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        Assert.False(lab.Log.Has("notification-queued"));

        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("delayed", (await lab.Log.NextAsync("notification-queued"))["Kind"]);
    }

    [Fact] // Nothing is noted that was not told: while the store cannot take the warning it is tried again
    public async Task Warning_StoreIsFull_IsGivenLater()
    {
        FaultySource? source = null;
        await using var lab = new QueueLab { Source = file => source = new FaultySource(file) };
        lab.Options = new QueueOptions { RetrySchedule = [TimeSpan.FromHours(20)] };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;

        // The triggers of the faulty store need its tables.
        await (await lab.StartAsync()).StopAsync(Token);
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test");
        await Poll.UntilAsync(() => lab.Query("SELECT attempts FROM recipient") == "1", Token);
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        source!.OnInsert = FaultySource.Error(13);
        lab.Clock.Advance(Warning);
        await lab.Log.NextAsync("store-failed");
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        Assert.Equal("0", lab.Query("SELECT warned FROM recipient"));

        source.OnInsert = () => { };
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("delayed", (await lab.Log.NextAsync("notification-queued"))["Kind"]);
        Assert.Equal("1", lab.Query("SELECT warned FROM recipient WHERE destination = 'a.test'"));
    }

    private static async Task EnqueueAsync(
        QueueLab lab, MailQueue queue, Mailbox? sender, string domain, DsnNotify notify = DsnNotify.None, string? reportKey = null)
    {
        var envelope = new QueuedEnvelope(
            queue.NextId(), new MailFrom(sender is { } mailbox ? new ReversePath(mailbox) : ReversePath.Null),
            [new RcptTo(new Mailbox("ann", domain)) { Notify = notify }], lab.Clock.GetUtcNow())
        {
            ReportKey = reportKey,
        };
        Assert.Equal(EnqueueResult.Stored, await queue.EnqueueAsync(envelope, new BytesContent("Subject: a\r\n\r\nb\r\n"u8.ToArray()), Token));
    }
}
