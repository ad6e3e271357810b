using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Delivery.Tests.Transport;

public class ExtensionTests
{
    private const string EightBit = "Subject: hello\r\n\r\nGrüße.\r\n";
    private const string Utf8Header = "Subject: Grüße\r\n\r\nText.\r\n";

    private static readonly MxBehavior Polite = new();
    private static readonly MxBehavior Plain = new() { Extensions = ["PIPELINING"] };

    [Fact] // EXT-18, RFC 1870 §6.1
    public async Task Deliver_MessageAboveTheLimit_GoesToTheHostThatTakesIt()
    {
        await using var lab = new DeliveryLab();
        var small = lab.StartMx("a.test", "mx.a.test", Polite with { Extensions = ["SIZE 10"] });
        var large = lab.StartMx("a.test", "mx2.a.test", Polite, preference: 20);

        (await lab.DeliverAsync("a.test")).AssertDelivered();

        Assert.DoesNotContain(small.Commands, command => command.Verb == "MAIL");
        await large.SingleMessageAsync();
    }

    [Fact] // EXT-18, RFC 1870 §6.1
    public async Task Deliver_MessageAboveEveryLimit_IsBouncedWithoutTransfer()
    {
        await using var lab = new DeliveryLab();
        var small = lab.StartMx("a.test", "mx.a.test", Polite with { Extensions = ["SIZE 10"] });

        Assert.Equal("message-too-large", (await lab.DeliverAsync("a.test")).AssertBounced("5.3.4").Reason);
        Assert.DoesNotContain(small.Commands, command => command.Verb == "MAIL");
    }

    [Fact] // EXT-18: a host that was not reached may have a higher limit
    public async Task Deliver_MessageAboveOneLimitAndAnotherHostDown_IsDeferred()
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Polite with { Extensions = ["SIZE 10"] }, preference: 20);
        lab.Dns.AddMx("a.test", 10, "down.test").AddAddress("down.test", DeliveryLab.NewAddress());

        (await lab.DeliverAsync("a.test")).AssertDeferred("4.4.1");
    }

    [Fact] // EXT-17, RFC 1870 §6
    public async Task Deliver_ServerOffersSize_SizeIsDeclared()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite);

        var attempt = await lab.DeliverAsync("a.test");

        Assert.Contains($" SIZE={attempt.Content.Octets}", (await host.SingleMessageAsync()).MailLine, StringComparison.Ordinal);
    }

    [Fact] // EXT-10, RFC 6152 §3
    public async Task Deliver_EightBitContent_IsDeclared()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite);

        (await lab.RunAsync(lab.Attempt("a.test", ["ann"], new BytesContent(EightBit)))).AssertDelivered();

        var message = await host.SingleMessageAsync();
        Assert.Contains(" BODY=8BITMIME", message.MailLine, StringComparison.Ordinal);
        Assert.DoesNotContain("SMTPUTF8", message.MailLine, StringComparison.Ordinal);
    }

    [Fact] // EXT-10, EXT-11, RFC 6152 §3
    public async Task Deliver_EightBitContentAndPlainServer_IsReturned()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Plain);

        (await lab.RunAsync(lab.Attempt("a.test", ["ann"], new BytesContent(EightBit)))).AssertBounced("5.6.3");
        Assert.Empty(host.Messages);
    }

    [Fact] // EXT-12, EXT-13, RFC 6531 §3.2
    public async Task Deliver_InternationalizedMailboxAndPlainServer_ReturnsThatRecipientOnly()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Plain);

        var attempt = await lab.DeliverAsync("a.test", "jürgen", "ann");

        attempt.AssertBounced("5.6.7", 0);
        attempt.AssertDelivered(1);
        Assert.Equal(["ann@a.test"], (await host.SingleMessageAsync()).Recipients);
    }

    [Fact] // EXT-12, RFC 6531 §3.4
    public async Task Deliver_InternationalizedMailbox_GoesWithTheParameter()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite);

        (await lab.DeliverAsync("a.test", "jürgen")).AssertDelivered();

        var message = await host.SingleMessageAsync();
        Assert.Contains(" SMTPUTF8", message.MailLine, StringComparison.Ordinal);
        Assert.Equal("jürgen@a.test", Assert.Single(message.Recipients));
    }

    [Theory] // EXT-12, EXT-13, RFC 6531 §3.2: headers count too
    [InlineData(Utf8Header, "5.6.7")]
    [InlineData(EightBit, "5.6.3")]
    public async Task Deliver_SubmittedWithSmtpUtf8AndPlainServer_IsReturnedForWhatItNeeds(string text, string status)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", "mx.a.test", Plain);

        var mail = new MailFrom(ReversePath.Null) { SmtpUtf8 = true };
        (await lab.RunAsync(lab.Attempt("a.test", ["ann"], new BytesContent(text), mail))).AssertBounced(status);
    }

    [Fact] // EXT-14, RFC 6531 §3.4
    public async Task Deliver_SubmittedWithSmtpUtf8WithoutNeed_GoesWithoutIt()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "mx.a.test", Polite);

        var mail = new MailFrom(ReversePath.Null) { SmtpUtf8 = true };
        (await lab.RunAsync(lab.Attempt("a.test", ["ann"], mail: mail))).AssertDelivered();

        Assert.DoesNotContain("SMTPUTF8", (await host.SingleMessageAsync()).MailLine, StringComparison.Ordinal);
    }

    [Fact] // EXT-16, RFC 6531 §3.2, RFC 5890 §2.3.2.1
    public async Task Deliver_OnlyTheDomainIsInternationalized_GoesInALabelsToAnyServer()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("xn--bcher-kva.test", "mx.a.test", Plain);
        var mail = new MailFrom(new ReversePath(new Mailbox("app", "bücher.test"))) { SmtpUtf8 = true };

        (await lab.RunAsync(lab.Attempt("bücher.test", ["ann"], mail: mail))).AssertDelivered();

        var message = await host.SingleMessageAsync();
        Assert.Equal("ann@xn--bcher-kva.test", Assert.Single(message.Recipients));
        Assert.Equal("app@xn--bcher-kva.test", message.ReversePath);
    }
}
