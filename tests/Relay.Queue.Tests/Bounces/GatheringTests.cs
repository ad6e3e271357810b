using System.Text;
using Relay.Mail;
using Relay.Queue.Bounces;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests.Bounces;

/// <summary>Failures of one message come in few notifications, and its content comes back once.</summary>
public sealed class GatheringTests
{
    private static readonly string Body = string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", 1000));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // RFC 3464 §2.3: a group of fields for each recipient, in one notification
    public async Task Failures_OfTheFirstPass_AreToldInOne()
    {
        await using var lab = new QueueLab();
        var last = new TaskCompletionSource();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Bounced;
        lab.Pipeline.Before = (attempt, token) => attempt.Destination.Key == "d2.test" ? last.Task.WaitAsync(token) : Task.CompletedTask;
        var queue = await lab.StartAsync();
        await EnqueueAsync(lab, queue, "u@d0.test", "u@d1.test", "u@d2.test");
        await lab.Log.NextAsync("bounced");
        await lab.Log.NextAsync("bounced");
        last.SetResult();
        await Poll.UntilAsync(() => lab.Query("SELECT COUNT(*) FROM recipient WHERE state = 0 AND destination LIKE 'd_.test'") == "0", Token);
        await AdvanceUntilAsync(lab, TimeSpan.FromSeconds(2), "SELECT COUNT(*) FROM message WHERE reverse_path = ''", "1");

        Assert.Equal(3, (await lab.Log.NextAsync("notification-queued"))["Recipients"]);
        Assert.Equal("0", lab.Query("SELECT COUNT(*) FROM message WHERE reverse_path <> ''"));
    }

    [Fact] // One destination that never ends does not keep the sender from hearing of the others
    public async Task Failures_OnePassNeverEnds_AreToldWithinAMinute()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Bounced;
        lab.Pipeline.Before = (attempt, token) =>
            attempt.Destination.Key == "d1.test" ? Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token) : Task.CompletedTask;
        var queue = await lab.StartAsync();
        await EnqueueAsync(lab, queue, "u@d0.test", "u@d1.test");
        await lab.Log.NextAsync("bounced");
        var start = lab.Clock.GetUtcNow();
        await AdvanceUntilAsync(lab, TimeSpan.FromSeconds(2), "SELECT COUNT(*) FROM message WHERE reverse_path = ''", "1");

        Assert.InRange(lab.Clock.GetUtcNow() - start, TimeSpan.FromSeconds(50), TimeSpan.FromMinutes(10));
        Assert.Equal(1, (await lab.Log.NextAsync("notification-queued"))["Recipients"]);
    }

    [Fact] // RFC 3461 §4.3 RET=FULL: whole with the first notification, by the beginning of its header with each later one
    public async Task Content_OfAMessageThatFailsTwice_ComesBackOnce()
    {
        await using var lab = new QueueLab { Options = new QueueOptions { RetrySchedule = [TimeSpan.FromMinutes(1)] } };
        var attempts = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        lab.Pipeline.Outcome = (attempt, _) => attempt.Mail.ReversePath.IsNull ? FakePipeline.Deferred
            : attempt.Destination.Key == "d0.test" || attempts.AddOrUpdate(attempt.Destination.Key, 1, (_, count) => count + 1) > 1 ? FakePipeline.Bounced : FakePipeline.Deferred;
        var queue = await lab.StartAsync();
        await EnqueueAsync(lab, queue, "u@d0.test", "u@d1.test");
        await AdvanceUntilAsync(lab, TimeSpan.FromSeconds(2), "SELECT COUNT(*) FROM message WHERE reverse_path = ''", "2");

        var octets = lab.Query("SELECT octets FROM message WHERE reverse_path = '' ORDER BY id").Split('\n').Select(int.Parse).ToList();
        Assert.InRange(octets[0], Body.Length, Body.Length + 5_000);
        Assert.InRange(octets[1], 500, ReturnedContent.MaxBriefOctets + 5_000);
    }

    [Fact] // Killed before the sender was told: the store has the failure, and the next start tells
    public async Task Failures_KilledWhileTheyWait_AreToldAfterTheNextStart()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, _) => FakePipeline.Bounced;
        lab.Pipeline.Before = (attempt, token) =>
            attempt.Destination.Key == "d1.test" ? Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token) : Task.CompletedTask;
        var queue = await lab.StartAsync();
        await EnqueueAsync(lab, queue, "u@d0.test", "u@d1.test");
        await lab.Log.NextAsync("bounced");
        await Poll.UntilAsync(() => lab.Query("SELECT state FROM recipient WHERE seq = 0") == "1", Token);

        await using var second = lab.CopyAsKilled();
        second.Pipeline.Outcome = (attempt, _) => attempt.Destination.Key == "d1.test" ? FakePipeline.Bounced : FakePipeline.Deferred;
        await second.StartAsync();
        await AdvanceUntilAsync(second, TimeSpan.FromSeconds(2), "SELECT COUNT(*) FROM recipient WHERE state = 1", "0");

        // Together, or each by itself where the second attempt ended late.
        for (var told = 0; told < 2;)
        {
            told += (int)(await second.Log.NextAsync("notification-queued"))["Recipients"]!;
        }
    }

    [Fact] // Dropped by an operator before its sender was told: whoever drops mail knows whether its sender should hear of it
    public async Task Failures_DroppedWhileTheyWait_AreNotTold()
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (attempt, _) => attempt.Destination.Key == "d0.test" ? FakePipeline.Bounced : FakePipeline.Deferred;
        var last = new TaskCompletionSource();
        lab.Pipeline.Before = (attempt, token) => attempt.Destination.Key == "d1.test" ? last.Task.WaitAsync(token) : Task.CompletedTask;
        var queue = await lab.StartAsync();
        var id = await EnqueueAsync(lab, queue, "u@d0.test", "u@d1.test");
        await Poll.UntilAsync(() => lab.Query("SELECT COUNT(*) FROM recipient WHERE state = 1") == "1", Token);
        Assert.Null((await queue.Control!.DropAsync(id, "test", Token)).Fault);
        lab.Clock.Advance(TimeSpan.FromMinutes(2));
        last.SetResult();
        await queue.StopAsync(Token);

        Assert.Equal("0", lab.Query("SELECT COUNT(*) FROM message"));
    }

    [Theory] // notified before, still queued, untried, seconds waited: seconds to wait
    [InlineData(0, 0, 0, 0, 0)]
    [InlineData(0, 5, 0, 0, 0)]
    [InlineData(0, 5, 1, 0, 2)]
    [InlineData(0, 5, 1, 59, 1)]
    [InlineData(0, 5, 1, 60, 0)]
    [InlineData(1, 5, 0, 0, 300)]
    [InlineData(2, 5, 0, 100, 500)]
    [InlineData(50, 5, 0, 0, 7200)]
    [InlineData(50, 5, 0, 7200, 0)]
    [InlineData(50, 0, 0, 0, 0)]
    public void GatheringTime_OfFailures_IsBounded(int notified, long queued, long untried, int waited, int expected) =>
        Assert.Equal(TimeSpan.FromSeconds(expected), GatheringTime.Left(notified, queued, untried, TimeSpan.FromSeconds(waited)));

    private static async Task AdvanceUntilAsync(QueueLab lab, TimeSpan step, string sql, string expected)
    {
        await Poll.UntilAsync(
            () =>
            {
                if (lab.Query(sql) == expected)
                {
                    return true;
                }

                lab.Clock.Advance(step);
                return false;
            },
            Token);
    }

    private static async Task<QueueId> EnqueueAsync(QueueLab lab, MailQueue queue, params string[] recipients)
    {
        var mail = new MailFrom(new ReversePath(new Mailbox("app", "corp.example"))) { Return = DsnReturn.Full };
        var envelope = new QueuedEnvelope(
            queue.NextId(), mail, [.. recipients.Select(to => new RcptTo(new Mailbox(to[..to.IndexOf('@', StringComparison.Ordinal)], to[(to.IndexOf('@', StringComparison.Ordinal) + 1)..])))],
            lab.Clock.GetUtcNow());
        var content = new BytesContent(Encoding.ASCII.GetBytes($"Subject: a\r\n\r\n{Body}"));
        Assert.Equal(EnqueueResult.Stored, await queue.EnqueueAsync(envelope, content, Token));
        return envelope.Id;
    }
}
