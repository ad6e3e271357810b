using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;

namespace Relay.Delivery.Tests.Transport;

public class RecipientTests
{
    private static readonly MxBehavior Polite = new();

    [Fact] // SMTP-36, RFC 5321 §4.5.4.1
    public async Task Deliver_TwoRecipientsAtOneDomain_ShareATransaction()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite);

        var attempt = await lab.DeliverAsync("a.test", "ann", "bob");

        attempt.AssertDelivered(0);
        attempt.AssertDelivered(1);
        Assert.Equal(["ann@a.test", "bob@a.test"], (await host.SingleMessageAsync()).Recipients);
    }

    [Fact] // SMTP-37, RFC 5321 §4.5.3.1.8
    public async Task Deliver_TwoHundredAndFiftyRecipients_GoInThreeTransactions()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite with { MaxRecipients = 100 });

        var attempt = await lab.DeliverAsync("a.test", [.. Enumerable.Range(0, 250).Select(i => $"r{i}")]);

        Assert.All(attempt.Recipients, recipient => Assert.IsType<DeliveryOutcome.Delivered>(recipient.Outcome));
        Assert.Equal([100, 100, 50], (await host.MessagesAsync(3)).Select(message => message.Recipients.Count));
        Assert.Single(host.Connections);
    }

    [Fact] // SMTP-37, RFC 5321 §4.5.3.1.10
    public async Task Deliver_ServerTakesTenAtATime_RestFollowsAtOnce()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite with { MaxRecipients = 10 });

        var attempt = await lab.DeliverAsync("a.test", [.. Enumerable.Range(0, 25).Select(i => $"r{i}")]);

        Assert.All(attempt.Recipients, recipient => Assert.IsType<DeliveryOutcome.Delivered>(recipient.Outcome));
        Assert.Equal([10, 10, 5], (await host.MessagesAsync(3)).Select(message => message.Recipients.Count));
        Assert.Equal(25, host.Messages.SelectMany(message => message.Recipients).Distinct().Count());
    }

    [Theory] // RFC 3463 §3.6: X.5.3 should be answered by segmentation; RFC 5321 §4.5.3.1.10
    [InlineData("550 5.5.3 Too many recipients", 5)]
    [InlineData("550 5.5.3 Too many recipients", 1)]
    [InlineData("554 5.5.3 Too many recipients", 5)]
    [InlineData("451 4.5.3 One at a time", 1)]
    [InlineData("450 4.5.3 Too many recipients", 5)]
    [InlineData("452 4.5.3 Too many recipients", 1)]
    [InlineData("452 4.3.1 Too many recipients", 5)]
    [InlineData("452 Too many recipients", 5)]
    [InlineData("552 5.5.3 Too many recipients", 5)]
    [InlineData("552 Too many recipients", 1)]
    public async Task Deliver_HostTakesAFewAtATime_TwelveFollowEachOtherAtOnce(string reply, int atATime)
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite with { MaxRecipients = atATime, TooManyReply = reply });

        var attempt = await lab.DeliverAsync("a.test", [.. Enumerable.Range(0, 12).Select(i => $"r{i}")]);

        Assert.All(attempt.Recipients, recipient => Assert.IsType<DeliveryOutcome.Delivered>(recipient.Outcome));
        var messages = await host.MessagesAsync((11 + atATime) / atATime);
        Assert.Equal(12, messages.SelectMany(message => message.Recipients).Distinct().Count());
        Assert.Single(host.Connections);
        // Once told, it is not offered more than it takes.
        Assert.InRange(host.Commands.Count(command => command.Verb == "RCPT"), 12, 24);
    }

    [Fact] // RFC 5321 §4.5.3.1.10: a limit of the session, not of the transaction
    public async Task Deliver_TooManyInTheSession_RestIsDeferredAndNotBounced()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite
            .At(new MxRule("RCPT", MxAction.Reply("250 2.1.5 Ok")) { Times = 5 })
            .At("RCPT", MxAction.Reply("550 5.5.3 Too many recipients")));

        var attempt = await lab.DeliverAsync("a.test", [.. Enumerable.Range(0, 12).Select(i => $"r{i}")]);

        Assert.Equal(5, attempt.Recipients.Count(recipient => recipient.Outcome is DeliveryOutcome.Delivered));
        attempt.AssertDeferred("4.5.3", 11);
        (await lab.DeliverAsync("a.test")).AssertDeferred("4.5.3");
    }

    [Fact] // the message was refused for those that were taken; the rest has not been asked yet
    public async Task Deliver_TooManyAndTheMessageIsRefused_RestIsDeferred()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", (Polite with { MaxRecipients = 1, TooManyReply = "550 5.5.3 Too many" })
            .At(MxRule.EndOfData, MxAction.Reply("554 5.6.0 No")));

        var attempt = await lab.DeliverAsync("a.test", "ann", "bob");

        attempt.AssertBounced("5.6.0", 0);
        attempt.AssertDeferred("4.5.3", 1);
    }

    [Theory] // SMTP-37, RFC 5321 §4.5.3.1.10: 552 means 452 in this place; the status says what the host said
    [InlineData("452 4.5.3 Too many", "4.5.3")]
    [InlineData("552 5.5.3 Too many", "4.5.3")]
    [InlineData("451 4.5.3 Too many", "4.5.3")]
    [InlineData("452 4.3.1 Disk full", "4.3.1")]
    [InlineData("452 Disk full", "4.3.1")]
    [InlineData("552 Mailbox full", "4.2.2")]
    public async Task Deliver_TooManyAtTheFirstRecipient_IsDeferred(string reply, string status)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite.At("RCPT", MxAction.Reply(reply)));

        (await lab.DeliverAsync("a.test")).AssertDeferred(status);
    }

    [Theory] // RFC 3463 §3.3, RFC 1870 §6.1: an enhanced code that is not about the number of recipients is about this one
    [InlineData("552 5.2.2 Mailbox full", "5.2.2")]
    [InlineData("552 5.3.4 Too big for this mailbox", "5.3.4")]
    [InlineData("552 5.7.1 Not from you", "5.7.1")]
    [InlineData("452 4.2.2 Mailbox full", "4.2.2")]
    [InlineData("452 4.1.1 Not sure", "4.1.1")]
    public async Task Deliver_OneMailboxFull_IsThatRecipientsAloneWithItsOwnStatus(string reply, string status)
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite.At("RCPT", "full@", MxAction.Reply(reply)));

        var attempt = await lab.DeliverAsync("a.test", "full", "ann");

        attempt.AssertDelivered(1);
        if (status[0] == '5')
        {
            attempt.AssertBounced(status);
        }
        else
        {
            attempt.AssertDeferred(status);
        }

        Assert.Equal(2, host.Commands.Count(command => command.Verb == "RCPT"));
    }

    [Fact] // RFC 5321 §4.2.1: before any recipient was taken they cannot be too many, and the code decides
    public async Task Deliver_TooManyForTheOnlyRecipient_IsBounced()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite.At("RCPT", MxAction.Reply("550 5.5.3 Too many")));

        (await lab.DeliverAsync("a.test")).AssertBounced("5.5.3");
    }

    [Theory] // RFC 5321 §3.8, RFC 3463 §2: the host's own status, where it gives one
    [InlineData("MAIL", "421 4.7.0 Rate limited", "4.7.0")]
    [InlineData("RCPT", "421 4.7.28 Rate limited", "4.7.28")]
    [InlineData("DATA", "421 4.3.0 Closing", "4.3.0")]
    [InlineData("MAIL", "421 Closing", "4.3.2")]
    [InlineData("RCPT", "421 5.7.0 Closing", "4.3.2")]
    public async Task Deliver_HostClosesWithAStatus_StatusIsKept(string stage, string reply, string status)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite.At(stage, MxAction.ReplyAndClose(reply)));

        (await lab.DeliverAsync("a.test")).AssertDeferred(status);
    }

    [Theory] // RFC 5321 §4.2.1: the code counts, however much text there is
    [InlineData(1, 2100)]
    [InlineData(150, 10)]
    [InlineData(30, 2040)]
    public async Task Deliver_RefusalWithMuchText_IsBouncedByItsCode(int lines, int length)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite.At("RCPT", "never@", MxAction.Reply(
            [.. Enumerable.Range(1, lines).Select(i => $"550{(i == lines ? ' ' : '-')}5.1.1 {new string('x', length)}")])));

        var attempt = await lab.DeliverAsync("a.test", "never", "ann");

        Assert.InRange(attempt.AssertBounced("5.1.1").Reply!.Text.Length, lines * Math.Min(length, 2000), 64 * 1024);
        attempt.AssertDelivered(1);
    }

    [Fact] // RFC 5321 §4.1.1.1: what is offered in the last of many lines is offered
    public async Task Deliver_HelloOf150Lines_IsReadToItsEnd()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", lab.WithTls("mx.a.test") with
        {
            Extensions = [.. Enumerable.Range(0, 150).Select(i => $"XEXTENSION{i} {new string('x', 100)}")],
        });

        Assert.NotNull((await lab.DeliverAsync("a.test")).AssertDelivered().Hop.Tls);
    }

    [Fact] // SMTP-38, RFC 5321 §3.3, §4.2.1
    public async Task Deliver_MixedReplies_OneDeliveredOneDeferredOneBounced()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite
            .At("RCPT", "later@", MxAction.Reply("450 4.2.1 Later"))
            .At("RCPT", "never@", MxAction.Reply("550 5.1.1 Never")));
        var other = lab.StartMx("a.test", "mx2.a.test", Polite, preference: 20);

        var attempt = await lab.DeliverAsync("a.test", "later", "now", "never");

        Assert.Equal(450, attempt.AssertDeferred("4.2.1", 0).Reply!.Code);
        attempt.AssertDelivered(1);
        Assert.Equal(550, attempt.AssertBounced("5.1.1", 2).Reply!.Code);
        Assert.Equal(["now@a.test"], (await host.SingleMessageAsync()).Recipients);
        Assert.Empty(other.Connections);
    }

    [Theory] // SMTP-38, SMTP-23, RFC 5321 §4.2.1; rows data-5xx-after-tls, rcpt-5xx-after-tls
    [InlineData("MAIL", "550 5.7.1 No", "5.7.1")]
    [InlineData("MAIL", "552 Too big", "5.3.4")]
    [InlineData("RCPT", "599 No", "5.0.0")]
    [InlineData("DATA", "554 No", "5.0.0")]
    [InlineData(MxRule.EndOfData, "552 5.3.4 Too big", "5.3.4")]
    public async Task Deliver_PermanentRefusal_IsBouncedAndNoOtherHostAsked(string stage, string reply, string status)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite.At(stage, MxAction.Reply(reply)));
        var other = lab.StartMx("a.test", "mx2.a.test", Polite, preference: 20);

        Assert.Equal("mx-reply", (await lab.DeliverAsync("a.test")).AssertBounced(status).Reason);
        Assert.Empty(other.Connections);
    }

    [Theory] // SMTP-38, EXT-17, RFC 5321 §4.2.1: a reply after DATA ends the attempt
    [InlineData("DATA", "451 4.3.0 Later", "4.3.0")]
    [InlineData(MxRule.EndOfData, "452 Later", "4.3.1")]
    [InlineData(MxRule.EndOfData, "499 Later", "4.0.0")]
    public async Task Deliver_TemporaryRefusalOfTheMessage_IsDeferredAndNoOtherHostAsked(
        string stage, string reply, string status)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite.At(stage, MxAction.Reply(reply)));
        var other = lab.StartMx("a.test", "mx2.a.test", Polite, preference: 20);

        (await lab.DeliverAsync("a.test")).AssertDeferred(status);
        Assert.Empty(other.Connections);
    }

    [Fact] // SMTP-23, RFC 5321 §4.2.1: an unknown code goes by its first digit
    public async Task Deliver_UnknownCodeOfSuccess_IsDelivered()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite
            .At("MAIL", MxAction.Reply("299 Fine")).At("RCPT", MxAction.Reply("299 Fine")).At(MxRule.EndOfData, MxAction.Reply("299 Fine")));

        Assert.Equal(299, (await lab.DeliverAsync("a.test")).AssertDelivered().Reply.Code);
    }

    [Theory] // EXT-21, RFC 2034 §4: an enhanced code does not overrule the reply code
    [InlineData("450 5.1.1 Not sure", true)]
    [InlineData("550 4.2.1 Not sure", false)]
    public async Task Deliver_EnhancedCodeOfAnotherClass_CountsByTheReplyCode(string reply, bool isDeferred)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite.At("RCPT", MxAction.Reply(reply)));

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Equal(isDeferred, attempt.Recipients[0].Outcome is DeliveryOutcome.Deferred { Status.Class: 4 });
        Assert.Equal(!isDeferred, attempt.Recipients[0].Outcome is DeliveryOutcome.Bounced { Status.Class: 5 });
    }

    [Theory] // design §3: before a reply to the message was given, the next host follows
    [InlineData("MAIL", "451 4.7.1 Greylisted")]
    [InlineData("MAIL", "421 4.3.2 Closing")]
    [InlineData("RCPT", "421 4.3.2 Closing")]
    [InlineData("EHLO", "421 4.3.2 Closing")]
    [InlineData("EHLO", "451 4.3.2 Later")]
    public async Task Deliver_HostNotAvailableNow_NextHostTakesIt(string stage, string reply)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite.At(stage, MxAction.ReplyAndClose(reply)));
        var other = lab.StartMx("a.test", "mx2.a.test", Polite, preference: 20);

        (await lab.DeliverAsync("a.test")).AssertDelivered();
        await other.SingleMessageAsync();
    }

    [Theory] // SMTP-34, RFC 5321 §3.8; row connection-lost-after-tls
    [InlineData("MAIL")]
    [InlineData("RCPT")]
    [InlineData("DATA")]
    [InlineData(MxRule.Content)]
    public async Task Deliver_ConnectionBreaks_CountsAs451(string stage)
    {
        await using var lab = new DeliveryLab();
        // More than the buffers of a connection hold, so that a break in the content comes before the final dot is sent.
        var lines = stage == MxRule.Content ? 10_000 : 1;
        var content = new BytesContent(string.Concat(Enumerable.Repeat(new string('x', 990) + "\r\n", lines)));
        lab.StartMx("a.test", "mx.a.test", Polite.At(stage, MxAction.Reset));
        lab.StartMx("b.test", "mx.b.test", Polite.At(stage, MxAction.Close));
        var other = lab.StartMx("b.test", "mx2.b.test", Polite, preference: 20);

        (await lab.RunAsync(lab.Attempt("a.test", ["ann"], content))).AssertDeferred("4.4.2");
        (await lab.RunAsync(lab.Attempt("b.test", ["ann"], content))).AssertDelivered();
        await other.SingleMessageAsync();
    }

    [Fact] // SMTP-38: what was said before the break stands
    public async Task Deliver_RecipientRefusedThenConnectionBreaks_RefusalStands()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite with
        {
            Extensions = [],
            Rules = [new("RCPT", MxAction.Reply("550 5.1.1 Never")) { Containing = "never@" }, new("DATA", MxAction.Reset)],
        });
        var other = lab.StartMx("a.test", "mx2.a.test", Polite, preference: 20);

        var attempt = await lab.DeliverAsync("a.test", "never", "now");

        attempt.AssertBounced("5.1.1", 0);
        attempt.AssertDelivered(1);
        Assert.Equal(["now@a.test"], (await other.SingleMessageAsync()).Recipients);
    }

    [Fact] // RFC 5321 §4.5.3.2.6
    public async Task Deliver_ConnectionLostAfterTheFinalDot_IsUncertainAndNotTriedElsewhere()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite.At(MxRule.EndOfData, MxAction.Reset));
        var other = lab.StartMx("a.test", "mx2.a.test", Polite, preference: 20);

        var attempt = await lab.DeliverAsync("a.test");

        var failure = attempt.AssertDeferred("4.4.2");
        Assert.True(failure.IsUncertain);
        Assert.Equal("uncertain", failure.Reason);
        Assert.Equal(attempt.QueueId, Assert.Single(lab.Log.Named("uncertain")).Fields["Queue"]);
        await host.Connections[0].Ended;
        Assert.Single(host.Unaccepted);
        Assert.Empty(other.Connections);
    }

    [Fact] // SMTP-39, RFC 5321 §4.5.4.1
    public async Task Deliver_MailRefusedOnce_NextMessageAsksAgain()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test",
            Polite.At(new MxRule("MAIL", MxAction.Reply("550 5.7.1 No")) { Times = 1 }));

        (await lab.DeliverAsync("a.test")).AssertBounced("5.7.1");
        (await lab.DeliverAsync("a.test")).AssertDelivered();

        Assert.Equal(2, host.Commands.Count(command => command.Verb == "MAIL"));
    }

    [Fact] // RFC 5321 §4.2: a reply that breaks the grammar ends the session, not the message
    public async Task Deliver_ReplyOutOfGrammar_IsDeferred()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite.At("MAIL", MxAction.Raw("hello?\r\n")));

        Assert.Equal("protocol-violation", (await lab.DeliverAsync("a.test")).AssertDeferred("4.5.0").Reason);
    }
}
