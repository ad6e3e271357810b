using System.Globalization;
using System.Text;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests.Bounces;

/// <summary>What nobody can be told of is kept for operators, but not without limits (RFC 5321 §4.5.5).</summary>
public sealed class UndeliverableMailTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // Queue:Failed:MaxMessages: the oldest go
    public async Task Failed_MoreThanAreKept_LosesTheOldest()
    {
        await using var lab = Lab(new FailedMailOptions { MaxMessages = 3 });
        var queue = await lab.StartAsync();
        for (var number = 0; number < 5; number++)
        {
            await FailAsync(lab, queue, number, octets: 10);
        }

        Assert.Equal("messages", (await lab.Log.NextAsync("failed-mail-removed"))["Reason"]);
        Assert.Equal("messages", (await lab.Log.NextAsync("failed-mail-removed"))["Reason"]);
        await Poll.UntilAsync(() => Kept(lab) is "u2 u3 u4" or "u3 u4", Token);
    }

    [Fact] // Queue:Failed:MaxOctets: the oldest content goes, also that of many pieces; the rows and the header stay
    public async Task Failed_MoreOctetsThanAreKept_LosesTheOldestContent()
    {
        await using var lab = Lab(new FailedMailOptions { MaxOctets = 1_500_000 });
        var queue = await lab.StartAsync();
        for (var number = 0; number < 3; number++)
        {
            await FailAsync(lab, queue, number, octets: 600_000);
        }

        var line = await lab.Log.NextAsync("failed-mail-removed");
        Assert.Equal(("octets", true), (line["Reason"], line["Text"]!.ToString()!.Contains("header is kept", StringComparison.Ordinal)));
        await Poll.UntilAsync(() => int.Parse(lab.Query("SELECT MIN(octets) FROM message"), CultureInfo.InvariantCulture) < 100, Token);
        Assert.Equal("u0 u1 u2", Kept(lab));
        Assert.Equal("1", lab.Query("SELECT COUNT(*) FROM message JOIN recipient ON message_id = id WHERE mailbox = 'u0@a.test' AND CAST(head AS TEXT) = 'Subject: u0' || char(13, 10, 13, 10)"));
        Assert.Equal("2", lab.Query("SELECT COUNT(DISTINCT message_id) FROM chunk"));
    }

    [Fact] // Queue:Failed:MaxAge: where nothing else fails too
    public async Task Failed_OlderThanIsKeptAndNothingElseFails_Goes()
    {
        await using var lab = Lab(new FailedMailOptions { MaxAge = TimeSpan.FromDays(30) });
        var queue = await lab.StartAsync();
        await FailAsync(lab, queue, 0, octets: 10);
        await Poll.UntilAsync(
            () =>
            {
                lab.Clock.Advance(TimeSpan.FromDays(1));
                return Kept(lab).Length == 0;
            },
            Token);
        Assert.Equal("age", (await lab.Log.NextAsync("failed-mail-removed"))["Reason"]);
    }

    [Fact] // Queue:Failed:MaxAge: at the start, and with later failures
    public async Task Failed_OlderThanIsKept_Goes()
    {
        await using var lab = Lab(new FailedMailOptions { MaxAge = TimeSpan.FromDays(30) });
        var queue = await lab.StartAsync();
        await FailAsync(lab, queue, 0, octets: 10);
        await queue.StopAsync(Token);
        lab.Clock.Advance(TimeSpan.FromDays(20));
        queue = await lab.StartAsync();
        await FailAsync(lab, queue, 1, octets: 10);
        lab.Clock.Advance(TimeSpan.FromDays(11));
        await FailAsync(lab, queue, 2, octets: 10);
        Assert.Equal("age", (await lab.Log.NextAsync("failed-mail-removed"))["Reason"]);
        await Poll.UntilAsync(() => Kept(lab) == "u1 u2", Token);
        await queue.StopAsync(Token);
        lab.Clock.Advance(TimeSpan.FromDays(31));
        await lab.StartAsync();
        await Poll.UntilAsync(() => Kept(lab).Length == 0, Token);
    }

    [Fact] // What may still be delivered is not failed mail
    public async Task Failed_WithARecipientStillQueued_IsNotTouched()
    {
        await using var lab = Lab(new FailedMailOptions { MaxMessages = 0, MaxOctets = 0 });
        lab.Pipeline.Outcome = (_, recipient) => recipient.Mailbox.LocalPart == "bob" ? FakePipeline.Deferred : FakePipeline.Bounced;
        var queue = await lab.StartAsync();
        await EnqueueAsync(lab, queue, "Subject: a\r\n\r\n", "ann", "bob");
        await lab.Log.NextAsync("undeliverable-bounce");
        await FailAsync(lab, queue, 1, octets: 10);
        await lab.Log.NextAsync("failed-mail-removed");
        await Poll.UntilAsync(() => Kept(lab) == "ann bob", Token);
    }

    private static QueueLab Lab(FailedMailOptions limits)
    {
        var lab = new QueueLab { Options = new QueueOptions { Failed = limits } };
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Bounced;
        return lab;
    }

    private static string Kept(QueueLab lab) =>
        lab.Query("SELECT replace(mailbox, '@a.test', '') FROM recipient ORDER BY mailbox").Replace('\n', ' ');

    private static async Task FailAsync(QueueLab lab, MailQueue queue, int number, int octets)
    {
        await EnqueueAsync(lab, queue, $"Subject: u{number}\r\n\r\n{new string('x', octets)}\r\n", $"u{number}");
        await Poll.UntilAsync(() => lab.Query($"SELECT COUNT(*) FROM recipient WHERE mailbox = 'u{number}@a.test' AND state = 0") == "0", Token);
        lab.Clock.Advance(TimeSpan.FromMilliseconds(10));
    }

    private static async Task EnqueueAsync(QueueLab lab, MailQueue queue, string text, params string[] users)
    {
        var envelope = new QueuedEnvelope(
            queue.NextId(), new MailFrom(ReversePath.Null), [.. users.Select(user => new RcptTo(new Mailbox(user, "a.test")))], lab.Clock.GetUtcNow());
        Assert.Equal(EnqueueResult.Stored, await queue.EnqueueAsync(envelope, new BytesContent(Encoding.ASCII.GetBytes(text)), Token));
    }
}
