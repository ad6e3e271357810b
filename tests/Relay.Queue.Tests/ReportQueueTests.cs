using System.Collections.Concurrent;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests;

public sealed class ReportQueueTests
{
    private const string Rua = "tls@reports.example";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // RPT-45: the flag reaches delivery from memory and, after a kill, from the store
    public async Task Report_FreshAndAfterAKill_IsAnAttemptOfAReport()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();
        await HandInAsync(lab, queue, "k1");
        await lab.EnqueueAsync(queue, "ann@example.net");
        Assert.Equal([(Rua, true), ("ann@example.net", false)], await NextAsync(lab, 2));

        await using var second = lab.CopyAsKilled();
        await second.StartAsync();

        Assert.Equal([(Rua, true), ("ann@example.net", false)], await NextAsync(second, 2));
    }

    [Fact] // Issue 4: handed in twice, sent once, also over a kill between queue and outbox
    public async Task Report_HandedInAgain_IsNotQueuedAgain()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();
        Assert.Equal(EnqueueResult.Stored, await HandInAsync(lab, queue, "k1"));
        Assert.Equal(EnqueueResult.StoredBefore, await HandInAsync(lab, queue, "k1"));
        Assert.Equal(EnqueueResult.Stored, await HandInAsync(lab, queue, "k2"));

        await using var second = lab.CopyAsKilled();
        second.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, second.Clock, token);
        var reborn = await second.StartAsync();

        Assert.Equal(EnqueueResult.StoredBefore, await HandInAsync(second, reborn, "k1"));
        Assert.Equal("2", second.Query("SELECT COUNT(*) FROM message"));
    }

    [Fact] // Issue 4: ten at once are one
    public async Task Report_HandedInByManyAtOnce_IsQueuedOnce()
    {
        await using var lab = new QueueLab();
        var queue = await lab.StartAsync();

        var results = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => HandInAsync(lab, queue, "k1")));

        Assert.Single(results, EnqueueResult.Stored);
        Assert.Equal(9, results.Count(result => result == EnqueueResult.StoredBefore));
    }

    [Fact] // Issue 4
    public async Task Report_HandedInAgainAfterDelivery_IsRecognisedForTwoDays()
    {
        await using var lab = new QueueLab();
        var queue = await lab.StartAsync();
        await HandInAsync(lab, queue, "k1");
        await lab.Log.NextAsync("delivered");

        lab.Clock.Advance(TimeSpan.FromHours(47));
        Assert.Equal(EnqueueResult.StoredBefore, await HandInAsync(lab, queue, "k1"));
        lab.Clock.Advance(TimeSpan.FromHours(2));
        Assert.Equal(EnqueueResult.Stored, await HandInAsync(lab, queue, "k1"));
        Assert.Equal("1", lab.Query("SELECT COUNT(*) FROM report"));
    }

    [Fact] // Issue 4: a big report that comes again leaves none of the pieces it brought
    public async Task Report_OfManyPiecesHandedInAgain_LeavesNoPieces()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();
        await HandInAsync(lab, queue, "k1", new byte[900_000]);
        var pieces = lab.Query("SELECT COUNT(*) FROM chunk");

        Assert.Equal(EnqueueResult.StoredBefore, await HandInAsync(lab, queue, "k1", new byte[900_000]));
        await lab.EnqueueAsync(queue, "ann@example.net");

        Assert.Equal((pieces, "0"), (lab.Query("SELECT COUNT(*) FROM chunk"), lab.Query("SELECT COUNT(*) FROM staged")));
    }

    [Theory] // RPT-55, RFC 5321 §4.5.5
    [InlineData("bounced")]
    [InlineData("expired")]
    public async Task Report_ThatFails_IsToldToReportingAndKeptForNobody(string how)
    {
        await using var lab = new QueueLab();
        var failures = new FailedReports();
        lab.ReportOutcomes = failures;
        lab.Pipeline.Outcome = (_, _) => how == "bounced" ? FakePipeline.Bounced : FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await HandInAsync(lab, queue, "k1");
        await lab.Log.NextAsync(how == "bounced" ? "bounced" : "deferred");

        // RPT-50: a report is tried for a day, whatever the lifetime of mail.
        if (how == "expired")
        {
            await Poll.UntilAsync(
                () =>
                {
                    lab.Clock.Advance(TimeSpan.FromMinutes(30));
                    return !failures.All.IsEmpty;
                },
                Token);
        }

        await queue.StopAsync(Token);
        Assert.Equal(Rua, Assert.Single(failures.All));
        Assert.Equal("0|0", lab.Query("SELECT (SELECT COUNT(*) FROM message), (SELECT COUNT(*) FROM recipient)"));
    }

    [Theory] // RPT-50, RFC 8460 §5.5
    [InlineData(true, 24)]
    [InlineData(false, 120)]
    public void Lifetime_OfReports_IsADay(bool isReport, int hours) =>
        Assert.Equal(TimeSpan.FromHours(hours), new QueueOptions().LifetimeOf(isReport, isNotification: false));

    private static async Task<EnqueueResult> HandInAsync(QueueLab lab, MailQueue queue, string key, byte[]? octets = null)
    {
        var envelope = new QueuedEnvelope(
            queue.NextId(),
            new MailFrom(new ReversePath(new Mailbox("tls", "relay.example"))),
            [new RcptTo(new Mailbox("tls", "reports.example"))],
            lab.Clock.GetUtcNow())
        { ReportKey = key };
        return await queue.EnqueueAsync(envelope, new BytesContent(octets ?? "Subject: a\r\n\r\nb\r\n"u8.ToArray()), Token);
    }

    private static async Task<IReadOnlyList<(string Mailbox, bool IsReport)>> NextAsync(QueueLab lab, int count)
    {
        var seen = new List<(string, bool)>();
        while (seen.Count < count)
        {
            var attempt = await lab.Pipeline.NextAsync();
            seen.Add((attempt.Recipients[0].Envelope.Mailbox.ToString(), attempt.IsTlsReport));
        }

        return [.. seen.OrderByDescending(attempt => attempt.Item2)];
    }

    private sealed class FailedReports : IReportOutcomeListener
    {
        public ConcurrentQueue<string> All { get; } = new();

        public void Failed(string mailbox, string text) => All.Enqueue(mailbox);
    }
}
