using System.Runtime.CompilerServices;
using Relay.Mail;
using Relay.Smtp;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests.Bounces;

/// <summary>Whatever fails while a notification is prepared, what an attempt came to is kept: nobody gets a second copy for it.</summary>
public sealed class SettlementFaultTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory] // Promise: one copy each; RFC 3461 §5.2.2 for ann, §5.2.3 for bob
    [InlineData(typeof(IOException))]
    [InlineData(typeof(InvalidOperationException))]
    [InlineData(typeof(OutOfMemoryException))]
    [InlineData(typeof(OperationCanceledException))]
    public async Task Settlement_ContentThrowsOnItsSecondRead_KeepsWhatIsKnown(Type fault)
    {
        await using var lab = new QueueLab();
        lab.Pipeline.Outcome = (_, recipient) => recipient.Mailbox.LocalPart == "bob" ? FakePipeline.Bounced : FakePipeline.Delivered;
        var queue = await lab.StartAsync();
        RcptTo[] recipients =
        [
            new(new Mailbox("ann", "a.test")) { Notify = DsnNotify.Success | DsnNotify.Failure }, new(new Mailbox("bob", "a.test")),
        ];
        await EnqueueAsync(lab, queue, new FaultyContent(() => (Exception)Activator.CreateInstance(fault)!), recipients);

        await lab.Log.NextAsync("delivered");
        Assert.Equal(2, (await lab.Pipeline.NextAsync()).Recipients.Count);
        List<string?> told = [];
        while (told.Count < 2)
        {
            told.Add((await lab.Log.NextAsync("notification-queued"))["Kind"]?.ToString());
        }

        Assert.Equal(["failed", "relayed"], told.Order());
        await PassTimeAsync(lab, minutes: 10);
        await queue.StopAsync(Token);
        Assert.Equal("0", lab.Query("SELECT COUNT(*) FROM recipient WHERE mailbox LIKE '%@a.test'"));
        await AssertNoAttemptAtAsync(lab, "a.test");
    }

    [Fact] // A notification that cannot be written at all leaves a kept row, which is told of once it can be
    public async Task Settlement_NotificationCannotBeWritten_KeepsTheFailureAndTellsLater()
    {
        await using var lab = new QueueLab { NotificationClock = new NoClock() };
        lab.Pipeline.Outcome = (_, recipient) => recipient.Mailbox.LocalPart == "bob" ? FakePipeline.Bounced : FakePipeline.Delivered;
        var queue = await lab.StartAsync();
        await lab.EnqueueAsync(queue, "ann@a.test", "bob@a.test");
        await lab.Log.NextAsync("notification-faulted");
        await lab.Log.NextAsync("notification-waits");
        await PassTimeAsync(lab, minutes: 10);
        await queue.StopAsync(Token);
        Assert.Equal("bob@a.test|1", lab.Query("SELECT mailbox, state FROM recipient"));
        await lab.Pipeline.NextAsync();
        await AssertNoAttemptAtAsync(lab, "a.test");

        lab.NotificationClock = null;
        await lab.StartAsync();
        Assert.Equal("failed", (await lab.Log.NextAsync("notification-queued"))["Kind"]);
    }

    [Fact] // RFC 8460 §5.3: who made a report hears of its failure; that it cannot cope with it costs nothing
    public async Task Settlement_ListenerThrows_IsKept()
    {
        await using var lab = new QueueLab { ReportOutcomes = new ThrowingListener() };
        lab.Pipeline.Outcome = (_, recipient) => recipient.Mailbox.LocalPart == "bob" ? FakePipeline.Bounced : FakePipeline.Delivered;
        var queue = await lab.StartAsync();
        var envelope = new QueuedEnvelope(
            queue.NextId(), new MailFrom(new ReversePath(new Mailbox("reports", "corp.example"))),
            [new RcptTo(new Mailbox("ann", "a.test")), new RcptTo(new Mailbox("bob", "a.test"))], lab.Clock.GetUtcNow())
        {
            ReportKey = "k1",
        };
        await queue.EnqueueAsync(envelope, new BytesContent("Subject: a\r\n\r\n"), Token);
        await lab.Log.NextAsync("attempt-faulted");
        await lab.Pipeline.NextAsync();
        await PassTimeAsync(lab, minutes: 10);
        await queue.StopAsync(Token);

        Assert.Equal("0|0", lab.Query("SELECT (SELECT COUNT(*) FROM message), (SELECT COUNT(*) FROM recipient)"));
        await AssertNoAttemptAtAsync(lab, "a.test");
    }

    private static async Task PassTimeAsync(QueueLab lab, int minutes)
    {
        for (var minute = 0; minute < minutes; minute++)
        {
            lab.Clock.Advance(TimeSpan.FromMinutes(1));
            await Task.Yield();
        }
    }

    private static async Task AssertNoAttemptAtAsync(QueueLab lab, string domain)
    {
        while (lab.Pipeline.HasStarted)
        {
            Assert.NotEqual(domain, (await lab.Pipeline.NextAsync()).Destination.Key);
        }
    }

    private static async Task EnqueueAsync(QueueLab lab, MailQueue queue, MessageContent content, RcptTo[] recipients)
    {
        var mail = new MailFrom(new ReversePath(new Mailbox("app", "corp.example")));
        var envelope = new QueuedEnvelope(queue.NextId(), mail, recipients, lab.Clock.GetUtcNow());
        Assert.Equal(EnqueueResult.Stored, await queue.EnqueueAsync(envelope, content, Token));
    }

    private sealed class FaultyContent(Func<Exception> fault) : MessageContent
    {
        private static readonly byte[] Text = "Subject: a\r\n\r\nb\r\n"u8.ToArray();
        private int _reads;

        public override long Octets => Text.Length;

        public override bool IsEightBit => false;

        public override async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
        {
            await Task.Yield();
            if (Interlocked.Increment(ref _reads) > 1)
            {
                throw fault();
            }

            yield return Text;
        }
    }

    private sealed class NoClock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => throw new InvalidOperationException("a fault of the relay");
    }

    private sealed class ThrowingListener : IReportOutcomeListener
    {
        public void Failed(string mailbox, string text) => throw new UnauthorizedAccessException("the outbox is read-only");
    }
}
