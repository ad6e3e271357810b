using Relay.Delivery;
using Relay.Mail;
using Relay.Queue.Operations;
using Relay.Queue.Storage;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests.Operations;

/// <summary>What operators do to the queue: seen in the store, in the scheduler and after a restart.</summary>
public sealed class QueueControlTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Hold_WaitingMessage_IsNotTriedUntilReleased()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test", "bob@b.test");
        await DeferredTwiceAsync(lab);
        var id = IdOf(lab);

        Assert.Equal(2, (await queue.Control!.HoldAsync(id, "test", Token)).Recipients);
        Assert.Equal(2, (await lab.Log.NextAsync("held"))["Recipients"]);
        lab.Clock.Advance(TimeSpan.FromHours(10));
        Assert.False(lab.Pipeline.HasStarted);
        await Poll.UntilAsync(() => queue.Control.Retry(id: null, destination: null, "test") == 0, Token);

        lab.Pipeline.Outcome = (_, _) => FakePipeline.Delivered;
        Assert.Equal(2, (await queue.Control.ReleaseAsync(id, "test", Token)).Recipients);
        await lab.Log.NextAsync("delivered");
        await lab.Log.NextAsync("delivered");
    }

    [Fact]
    public async Task Hold_AcrossARestart_IsKept()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test");
        await lab.Log.NextAsync("deferred");
        await lab.Clock.TimersScheduledAsync(1, Token);
        await lab.Pipeline.NextAsync();
        var id = IdOf(lab);
        await queue.Control!.HoldAsync(id, "test", Token);
        await queue.StopAsync(Token);

        var again = await lab.StartAsync();
        Assert.Equal(0, (await lab.Log.NextAsync("queue-loaded"))["Entries"]);
        lab.Clock.Advance(TimeSpan.FromDays(1));
        Assert.False(lab.Pipeline.HasStarted);

        Assert.Equal(1, (await again.Control!.ReleaseAsync(id, "test", Token)).Recipients);
        Assert.Equal(lab.Query("SELECT message_id FROM recipient WHERE destination = 'a.test'"), $"{id.Value}");
        await lab.Pipeline.NextAsync();
    }

    [Fact] // The attempt under way goes on; whatever it comes to, the message is held after it and nothing is tried twice
    public async Task Hold_AttemptUnderWay_IsFinishedAndNotTriedAgain()
    {
        await using var lab = new QueueLab();
        var end = new TaskCompletionSource();
        lab.Pipeline.Before = (_, token) => end.Task.WaitAsync(token);
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test");
        await lab.Pipeline.NextAsync();

        await queue.Control!.HoldAsync(IdOf(lab), "test", Token);
        end.SetResult();
        await lab.Log.NextAsync("deferred");
        await WrittenAsync(lab);
        Assert.Equal("3|1|4.4.1", lab.Query("SELECT state, attempts, last_status FROM recipient"));
        lab.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False(lab.Pipeline.HasStarted);
    }

    [Fact] // Held and released while the attempt runs: one entry, not two, or the recipient would get two copies
    public async Task Release_AttemptStillUnderWay_AddsNoSecondEntry()
    {
        await using var lab = new QueueLab();
        var end = new TaskCompletionSource();
        lab.Pipeline.Before = (_, token) => end.Task.WaitAsync(token);
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test");
        await lab.Pipeline.NextAsync();
        var id = IdOf(lab);

        await queue.Control!.HoldAsync(id, "test", Token);
        Assert.Equal(1, (await queue.Control.ReleaseAsync(id, "test", Token)).Recipients);
        Assert.False(lab.Pipeline.HasStarted);
        end.SetResult();
        await lab.Log.NextAsync("delivered");
        await queue.StopAsync(Token);
        Assert.False(lab.Pipeline.HasStarted);
        Assert.Equal("0", lab.Query("SELECT COUNT(*) FROM message"));
    }

    [Fact] // A recovered message may be held in part: what an attempt under way does not have is tried after it
    public async Task Release_RestOfTheMessageIsUnderWay_IsTriedAfterIt()
    {
        await using var lab = new QueueLab();
        var queue = await StartWithBobHeldAsync(lab);
        var end = new TaskCompletionSource();
        lab.Pipeline.Before = (_, token) => end.Task.WaitAsync(token);
        lab.Clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(["ann"], Names(await lab.Pipeline.NextAsync()));

        Assert.Equal(1, (await queue.Control!.ReleaseAsync(IdOf(lab), "test", Token)).Recipients);
        Assert.False(lab.Pipeline.HasStarted);
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Delivered;
        end.SetResult();
        Assert.Equal(["bob"], Names(await lab.Pipeline.NextAsync()));
        await lab.Log.NextAsync("delivered");
        await lab.Log.NextAsync("delivered");
        await Poll.UntilAsync(() => lab.Query("SELECT COUNT(*) FROM message") == "0", Token);
    }

    [Fact]
    public async Task Release_RestOfTheMessageWaits_IsDueNowInOneAttempt()
    {
        await using var lab = new QueueLab();
        var queue = await StartWithBobHeldAsync(lab);

        Assert.Equal(1, (await queue.Control!.ReleaseAsync(IdOf(lab), "test", Token)).Recipients);
        Assert.Equal(["ann", "bob"], Names(await lab.Pipeline.NextAsync()));
        await lab.Log.NextAsync("deferred");
        await lab.Log.NextAsync("deferred");
        Assert.False(lab.Pipeline.HasStarted);
    }

    [Fact] // What a recovery found of a message whose content is lost cannot be delivered, and says so
    public async Task Release_MessageItselfIsLost_IsRefused()
    {
        await using var lab = new QueueLab();
        var queue = await StartWithBobHeldAsync(lab);
        await queue.StopAsync(Token);
        var id = IdOf(lab);
        lab.Query("UPDATE recipient SET state = 3; DELETE FROM message");
        queue = await lab.StartAsync();

        Assert.Contains("relay queue drop", (await queue.Control!.ReleaseAsync(id, "test", Token)).Fault, StringComparison.Ordinal);
        Assert.Equal("3\n3", lab.Query("SELECT state FROM recipient"));
        Assert.Equal(2, (await queue.Control.DropAsync(id, "test", Token)).Recipients);
    }

    [Fact]
    public async Task Hold_FreshMessageInMemory_IsNotDeliveredFromThere()
    {
        await using var lab = new QueueLab { MaxConcurrency = 1 };
        var route = new TaskCompletionSource();
        lab.Pipeline.BeforeRoute = (_, token) => route.Task.WaitAsync(token);
        var queue = await lab.StartAsync();
        var content = new BytesContent("Subject: a\r\n\r\nb\r\n"u8.ToArray());
        await lab.EnqueueAsync(queue, content, "ann@a.test");

        await queue.Control!.HoldAsync(IdOf(lab), "test", Token);
        Assert.True(content.IsDisposed);
        route.SetResult();
        await lab.EnqueueAsync(queue, "bob@b.test");
        Assert.Equal("b.test", (await lab.Pipeline.NextAsync()).Destination.Key);
        await lab.Log.NextAsync("delivered");
        Assert.False(lab.Pipeline.HasStarted);
    }

    [Fact]
    public async Task Retry_RestingSite_IsTriedAtOnce()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Unreachable;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test");
        await lab.EnqueueAsync(queue, "bob@b.test");
        await DeferredTwiceAsync(lab);
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Delivered;

        await RetryUntilTriedAsync(lab, queue, id: null, "a.test");
        Assert.Equal("<ann@a.test>", (await lab.Log.NextAsync("delivered"))["To"]);
        Assert.Equal("a.test", (await lab.Pipeline.NextAsync()).Destination.Key);
        Assert.False(lab.Pipeline.HasStarted);
        await RetryUntilTriedAsync(lab, queue, IdOf(lab), destination: null);
        Assert.Equal("<bob@b.test>", (await lab.Log.NextAsync("delivered"))["To"]);
    }

    [Fact]
    public async Task Drop_Message_IsGoneAndLogged()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, new BytesContent(new byte[600_000]), "ann@a.test");
        await lab.Log.NextAsync("deferred");
        await lab.Clock.TimersScheduledAsync(1, Token);
        await lab.Pipeline.NextAsync();
        var id = IdOf(lab);

        Assert.Equal(1, (await queue.Control!.DropAsync(id, "uid:7", Token)).Recipients);
        var line = await lab.Log.NextAsync("dropped");
        Assert.Equal(("<ann@a.test>", "queued", "uid:7"), (line["To"], line["State"], line["By"]));
        Assert.Equal("0|0", lab.Query("SELECT (SELECT COUNT(*) FROM message), (SELECT COUNT(*) FROM chunk)"));
        lab.Clock.Advance(TimeSpan.FromHours(1));
        Assert.False(lab.Pipeline.HasStarted);
        Assert.Equal(0, (await queue.Control.DropAsync(id, "test", Token)).Recipients);
    }

    [Fact]
    public async Task List_ByDomainStateAndPage_ShowsThose()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, to) => to.Mailbox.LocalPart == "never" ? FakePipeline.Bounced : FakePipeline.Deferred;
        var queue = await lab.StartAsync();

        // RFC 5321 §4.5.5: with the null reverse-path nobody can be told, so what failed is kept.
        RcptTo[] recipients = [new(new("ann", "a.test")), new(new("never", "a.test")), new(new("bob", "b.test"))];
        var envelope = new QueuedEnvelope(queue.NextId(), new MailFrom(ReversePath.Null), recipients, lab.Clock.GetUtcNow());
        await queue.EnqueueAsync(envelope, new BytesContent("Subject: a\r\n\r\nb\r\n"u8.ToArray()), Token);
        await lab.Log.NextAsync("deferred");
        await lab.Log.NextAsync("deferred");
        await WrittenAsync(lab);
        await lab.Clock.TimersScheduledAsync(1, Token);
        var control = queue.Control!;

        async Task<string> ListAsync(string? destination, RecipientState from, RecipientState to, int after = -1, int limit = 9) =>
            string.Join(' ', (await control.ListAsync(
                new QueueChoice((after < 0 ? 0 : IdOf(lab).Value, after), destination, from, to, limit), Token)).Select(row => row.Mailbox));

        Assert.Equal("ann@a.test never@a.test bob@b.test", await ListAsync(null, RecipientState.Queued, RecipientState.Held));
        Assert.Equal("ann@a.test never@a.test", await ListAsync("a.test", RecipientState.Queued, RecipientState.Held));
        Assert.Equal("never@a.test", await ListAsync(null, RecipientState.Bounced, RecipientState.Expired));
        Assert.Equal("never@a.test", await ListAsync(null, RecipientState.Queued, RecipientState.Held, after: 0, limit: 1));
        Assert.Equal(new QueueTotals(1, 2, 0, 1), await control.CountAsync(Token));
    }

    // Ann waits for her retry in about a minute.
    private static async Task<MailQueue> StartWithBobHeldAsync(QueueLab lab)
    {
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test", "bob@a.test");
        await lab.Pipeline.NextAsync();
        await lab.Log.NextAsync("deferred");
        await lab.Log.NextAsync("deferred");
        await queue.StopAsync(Token);
        lab.Query("UPDATE recipient SET state = 3 WHERE mailbox = 'bob@a.test'");
        return await lab.StartAsync();
    }

    private static IEnumerable<string> Names(DeliveryAttempt attempt) =>
        attempt.Recipients.Select(recipient => recipient.Envelope.Mailbox.LocalPart);

    [Fact] // What came to a site that could not be reached is tried after its back-off, and shown so
    public async Task List_MailAtARestingSite_IsDueAtTheEndOfTheRest()
    {
        await using var lab = new QueueLab { Options = new QueueOptions { RetrySchedule = [TimeSpan.FromMinutes(10)] } };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Unreachable;
        var queue = await lab.StartAsync();
        var start = lab.Clock.GetUtcNow();
        await lab.EnqueueAsync(queue, "ann@a.test");
        await lab.Log.NextAsync("deferred");
        await Poll.UntilAsync(() => queue.Control!.UnderWay == 0, Token);
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        await lab.EnqueueAsync(queue, "bob@a.test");

        var all = await queue.Control!.ListAsync(new QueueChoice((0, 0), null, RecipientState.Queued, RecipientState.Held, 9), Token);
        Assert.Equal(start.AddMinutes(10).ToUnixTimeMilliseconds(), all[1].NextAttempt);
        Assert.InRange(all[0].NextAttempt, all[1].NextAttempt, start.AddMinutes(11).ToUnixTimeMilliseconds());
        Assert.Equal(all[1], Assert.Single((await queue.Control.FindAsync(all[1].Id, Token))!.Recipients));
    }

    private static async Task DeferredTwiceAsync(QueueLab lab)
    {
        await lab.Log.NextAsync("deferred");
        await lab.Log.NextAsync("deferred");
        await lab.Pipeline.NextAsync();
        await lab.Pipeline.NextAsync();
        await WrittenAsync(lab);
    }

    // The log line comes before the commit.
    private static Task WrittenAsync(QueueLab lab) =>
        Poll.UntilAsync(() => lab.Query("SELECT COUNT(*) FROM recipient WHERE last_attempt IS NULL") == "0", Token);

    // An entry comes back to the scheduler a moment after the commit; until then a retry counts it as under way.
    private static Task RetryUntilTriedAsync(QueueLab lab, MailQueue queue, QueueId? id, string? destination) => Poll.UntilAsync(
        () =>
        {
            queue.Control!.Retry(id, destination, "test");
            return lab.Pipeline.HasStarted;
        },
        Token);

    private static QueueId IdOf(QueueLab lab) =>
        new(long.Parse(lab.Query("SELECT MAX(message_id) FROM recipient"), System.Globalization.CultureInfo.InvariantCulture));
}
