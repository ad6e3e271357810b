using Relay.Delivery;
using Relay.Mail;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Sqlite;
using Relay.Queue.Storage.Writes;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests.Bounces;

/// <summary>When notifications come to be, over a real store: in one commit with what they are about, once, and for nobody else.</summary>
public sealed class NotificationQueueTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // SMTP-63, RFC 5321 §6.1: killed at any moment, either the recipient is queued or its sender's notification
    public async Task Bounced_KilledAfterTheCommit_TheNotificationIsThereAndTheRecipientIsNot()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Bounced;
        lab.Pipeline.Before = (attempt, token) =>
            attempt.Mail.ReversePath.IsNull ? Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token) : Task.CompletedTask;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net", "bob@example.net");
        var line = await lab.Log.NextAsync("notification-queued");
        Assert.Equal(("<app@corp.example>", "failed", 2), (line["To"], line["Kind"], line["Recipients"]));

        await using var second = lab.CopyAsKilled();
        Assert.Equal("|app@corp.example|1", second.Query(
            "SELECT reverse_path, mailbox, (SELECT COUNT(*) FROM message) FROM message JOIN recipient ON message_id = id"));
        await second.StartAsync();
        var attempt = await second.Pipeline.NextAsync();
        Assert.True(attempt.Mail.ReversePath.IsNull);
        Assert.Equal(DsnNotify.Never, attempt.Recipients[0].Envelope.Notify);
    }

    [Fact] // SMTP-63: while the store cannot take the notification, the recipient stays
    public async Task Bounced_StoreFull_NothingIsLostUntilBothAreWritten()
    {
        await using var lab = new QueueLab { MaxPages = 40 };
        lab.Pipeline.Outcome = (_, recipient) => recipient.Mailbox.LocalPart == "bad" ? FakePipeline.Bounced : FakePipeline.Deferred;
        var hold = new TaskCompletionSource();
        lab.Pipeline.Before = (attempt, token) =>
            attempt.Recipients[0].Envelope.Mailbox.LocalPart == "bad" ? hold.Task.WaitAsync(token) : Task.CompletedTask;
        var queue = await lab.StartAsync();
        var mail = new MailFrom(new ReversePath(new Mailbox("app", "corp.example"))) { Return = DsnReturn.Full };
        var envelope = new QueuedEnvelope(queue.NextId(), mail, [new RcptTo(new Mailbox("bad", "a.test"))], lab.Clock.GetUtcNow());
        var letter = string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 1000));
        await queue.EnqueueAsync(envelope, new BytesContent(System.Text.Encoding.ASCII.GetBytes($"Subject: a\r\n\r\n{letter}")), Token);
        while (await lab.EnqueueAsync(queue, new BytesContent(new byte[30_000]), "ann@example.net") == EnqueueResult.Stored)
        {
        }

        hold.SetResult();
        await lab.Log.NextAsync("bounced");
        await using var killed = lab.CopyAsKilled();

        // Queued, or failed and not told yet.
        Assert.Contains(killed.Query("SELECT state FROM recipient WHERE mailbox = 'bad@a.test'"), (string[])["0", "1"]);
        Assert.Equal("0", killed.Query("SELECT COUNT(*) FROM message WHERE reverse_path = ''"));
        killed.Pipeline.Outcome = (_, recipient) => recipient.Mailbox.LocalPart == "bad" ? FakePipeline.Bounced : FakePipeline.Delivered;
        await killed.StartAsync();
        Assert.Equal("<app@corp.example>", (await killed.Log.NextAsync("notification-queued"))["To"]);
    }

    [Fact] // A commit may reach the disk although it was reported as failed: written again, it must not come twice nor fail
    public async Task Settlement_WrittenTwice_MakesOneNotification()
    {
        await using var lab = new QueueLab();
        using var source = new SqliteDataSource(Path.Combine(lab.Directory, "queue.db"));
        using (var connection = await source.OpenConnectionAsync(Token))
        {
            QueueSchema.Prepare(connection);
        }

        using var statements = new WriteStatements(await source.OpenConnectionAsync(Token));
        var envelope = new QueuedEnvelope(
            new QueueId(QueueIdSequence.First), new MailFrom(ReversePath.Null), [new RcptTo(new Mailbox("a", "b.test"))], lab.Clock.GetUtcNow());
        var settlement = new SettleAttempt(new QueueId(7), [new RecipientSettlement(0, State: null, string.Empty, string.Empty)])
        {
            Attempts = 1,
            AttemptedAt = lab.Clock.GetUtcNow(),
            NextAttempt = lab.Clock.GetUtcNow(),
            Notifications = [new InsertMessage(envelope, ["b.test"], new ContentFacts(1, IsEightBit: false, [1])) { MayRepeat = true }],
        };
        for (var time = 0; time < 2; time++)
        {
            statements.Begin();
            settlement.Execute(statements);
            statements.Commit();
        }

        Assert.Equal("1|1", lab.Query("SELECT (SELECT COUNT(*) FROM message), (SELECT COUNT(*) FROM recipient)"));
    }

    [Theory] // SMTP-64, SMTP-65, DSN-09, AUTO-02, RFC 5321 §4.5.5: kept where operators see it, and said so
    [InlineData("bounced", "1")]
    [InlineData("expired", "2")]
    public async Task Failed_FromTheNullPath_IsKeptAndLoggedAndTellsNobody(string how, string state)
    {
        await using var lab = new QueueLab { Options = new QueueOptions { Lifetime = TimeSpan.FromMinutes(1) } };
        lab.Pipeline.Outcome = (_, _) => how == "bounced" ? FakePipeline.Bounced : FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await EnqueueAsync(lab, queue, new MailFrom(ReversePath.Null), DsnNotify.Never);
        if (how == "expired")
        {
            await lab.Log.NextAsync("deferred");
            await lab.Clock.TimersScheduledAsync(1, Token);
            lab.Clock.Advance(TimeSpan.FromMinutes(2));
        }

        Assert.Equal("<ann@example.net>", (await lab.Log.NextAsync("undeliverable-bounce"))["To"]);
        await queue.StopAsync(Token);
        Assert.Equal($"{state}|1", lab.Query("SELECT state, (SELECT COUNT(*) FROM message) FROM recipient"));
    }

    [Theory] // DSN-06, DSN-07: not wanted, so nothing is kept
    [InlineData(DsnNotify.Never)]
    [InlineData(DsnNotify.Delay | DsnNotify.Success)]
    public async Task Failed_NotificationNotWanted_LeavesNothing(DsnNotify notify)
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Bounced;
        var queue = await lab.StartAsync();
        await EnqueueAsync(lab, queue, new MailFrom(new ReversePath(new Mailbox("app", "corp.example"))), notify);
        await lab.Log.NextAsync("bounced");
        await queue.StopAsync(Token);

        Assert.Equal("0|0", lab.Query("SELECT (SELECT COUNT(*) FROM message), (SELECT COUNT(*) FROM recipient)"));
    }

    [Fact] // DSN-08, RFC 5321 §4.5.4.1: warned of once, also over a restart
    public async Task Delayed_BeyondTheWarning_IsToldOnceAlsoAcrossARestart()
    {
        await using var lab = new QueueLab { Options = new QueueOptions { RetrySchedule = [TimeSpan.FromHours(1)] } };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net");
        for (var hour = 0; hour < 4; hour++)
        {
            Assert.False((await lab.Pipeline.NextAsync()).Mail.ReversePath.IsNull);
            await lab.Clock.TimersScheduledAsync(1, Token);
            lab.Clock.Advance(TimeSpan.FromMinutes(67));
        }

        Assert.Equal("delayed", (await lab.Log.NextAsync("notification-queued"))["Kind"]);
        await queue.StopAsync(Token);
        Assert.Equal("1", lab.Query("SELECT warned FROM recipient WHERE mailbox = 'ann@example.net'"));

        lab.Clock.Advance(TimeSpan.FromHours(2));
        var again = await lab.StartAsync();
        Assert.Equal("<ann@example.net>", (await NextDeferredAsync(lab, "<ann@example.net>"))["To"]);
        await again.StopAsync(Token);
        Assert.Equal("2", lab.Query("SELECT COUNT(*) FROM message"));
    }

    [Fact] // Queue:DelayWarning 0
    public async Task Delayed_WarningsOff_IsNotTold()
    {
        await using var lab = new QueueLab
        {
            Options = new QueueOptions { RetrySchedule = [TimeSpan.FromHours(9)], DelayWarning = TimeSpan.Zero },
        };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@example.net");
        await lab.Pipeline.NextAsync();
        await lab.Clock.TimersScheduledAsync(1, Token);
        lab.Clock.Advance(TimeSpan.FromHours(10));
        await lab.Pipeline.NextAsync();
        await queue.StopAsync(Token);

        Assert.Equal("1", lab.Query("SELECT COUNT(*) FROM message"));
    }

    [Fact] // SMTP-50, RFC 5321 §4.5.4.1: from memory and, after a restart, from the store
    public async Task NotificationLifetime_OfItsOwn_EndsSoonerAlsoAfterARestart()
    {
        var options = new QueueOptions { NotificationLifetime = TimeSpan.FromHours(1), RetrySchedule = [TimeSpan.FromMinutes(50)] };
        await using var lab = new QueueLab { Options = options };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await EnqueueAsync(lab, queue, new MailFrom(ReversePath.Null), DsnNotify.None);
        await lab.EnqueueAsync(queue, "bob@example.org");
        await lab.Log.NextAsync("deferred");
        await lab.Log.NextAsync("deferred");
        await queue.StopAsync(Token);

        lab.Clock.Advance(TimeSpan.FromMinutes(61));
        await lab.StartAsync();
        Assert.Equal("<bob@example.org>", (await NextDeferredAsync(lab, "<bob@example.org>"))["To"]);
        await Poll.UntilAsync(() => lab.Query("SELECT state FROM recipient WHERE mailbox = 'ann@example.net'") == "2", Token);
        Assert.Equal(TimeSpan.FromDays(5), new QueueOptions().LifetimeOf(isReport: false, isNotification: true));
    }

    [Fact] // DSN-05, RFC 3461 §5.2.2, and §5.2.1: no word of those whose next hop has taken the duty over
    public async Task Delivered_ToAHostWithoutDsn_IsRelayedForThoseWhoAsked()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (attempt, _) => attempt.Destination.Key == "with.test"
            ? new DeliveryOutcome.Delivered(new Reply(250, default, "Ok"), new HopFacts("mx.test", System.Net.IPAddress.Loopback, null) { SpeaksDsn = true })
            : FakePipeline.Delivered;
        var queue = await lab.StartAsync();
        var mail = new MailFrom(new ReversePath(new Mailbox("app", "corp.example")));
        static RcptTo To(string user, string domain, DsnNotify notify) => new(new Mailbox(user, domain)) { Notify = notify };
        var envelope = new QueuedEnvelope(
            queue.NextId(), mail,
            [To("a", "without.test", DsnNotify.Success), To("b", "without.test", DsnNotify.None), To("c", "with.test", DsnNotify.Success)],
            lab.Clock.GetUtcNow());
        await queue.EnqueueAsync(envelope, new BytesContent("Subject: a\r\n\r\n"u8.ToArray()), Token);

        var line = await lab.Log.NextAsync("notification-queued");
        Assert.Equal(("relayed", 1), (line["Kind"], line["Recipients"]));
        await queue.StopAsync(Token);
    }

    [Fact] // STS-63, RFC 5321 §4.5.4.1: a last attempt that a stop breaks off ends only for whom it was decided
    public async Task LastAttempt_BrokenOffByAStop_IsMadeAgainForTheRest()
    {
        await using var lab = new QueueLab { Options = new QueueOptions { Lifetime = TimeSpan.FromMinutes(1) } };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test", "bob@a.test");
        await lab.Log.NextAsync("deferred");
        await lab.Log.NextAsync("deferred");
        await lab.Pipeline.NextAsync();
        await lab.Clock.TimersScheduledAsync(1, Token);
        lab.Pipeline.Before = (attempt, token) =>
        {
            attempt.Recipients[0].Outcome = FakePipeline.Delivered;
            return Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        };
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.True((await lab.Pipeline.NextAsync()).IsFinal);
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await queue.StopAsync(now.Token);
        Assert.Equal("bob@a.test|0", lab.Query("SELECT mailbox, state FROM recipient"));

        lab.Pipeline = new FakePipeline { Outcome = (attempt, _) => attempt.IsFinal ? FakePipeline.Deferred : FakePipeline.Delivered };
        await lab.StartAsync();
        Assert.Equal("<bob@a.test>", (await lab.Log.NextAsync("expired"))["To"]);
        Assert.Equal("failed", (await lab.Log.NextAsync("notification-queued"))["Kind"]);
    }

    private static async Task<Dictionary<string, object?>> NextDeferredAsync(QueueLab lab, string to)
    {
        while (true)
        {
            var line = await lab.Log.NextAsync("deferred");
            if (Equals(line["To"], to))
            {
                return line;
            }
        }
    }

    private static async Task EnqueueAsync(QueueLab lab, MailQueue queue, MailFrom mail, DsnNotify notify)
    {
        var recipient = new RcptTo(new Mailbox("ann", "example.net")) { Notify = notify };
        var envelope = new QueuedEnvelope(queue.NextId(), mail, [recipient], lab.Clock.GetUtcNow());
        Assert.Equal(EnqueueResult.Stored, await queue.EnqueueAsync(envelope, new BytesContent("Subject: a\r\n\r\nb\r\n"u8.ToArray()), Token));
    }
}
