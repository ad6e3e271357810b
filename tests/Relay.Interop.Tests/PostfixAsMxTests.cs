using Relay.Interop.Tests.Programs;

namespace Relay.Interop.Tests;

/// <summary>swaks and curl submit, the relay delivers over TLS, Postfix is the MX.</summary>
public sealed class PostfixAsMxTests(InteropLab lab)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory] // SMTP-32, SMTP-33, SMTP-55, SMTP-61, SMTP-62, EXT-10: RFC 5321 §4.5.2, §6.4
    [MemberData(nameof(SampleMessages.Small), MemberType = typeof(SampleMessages))]
    [InlineData("five-megabytes")]
    public async Task Message_ThroughTheRelay_ArrivesUnchangedOverTls(string sample)
    {
        lab.Require();
        var recipient = InteropLab.NewRecipient("remote.test");
        var message = SampleMessages.Get(sample);

        var (exitCode, transcript) = await Swaks.SendAsync(lab.Relay.EndPoint.Port, recipient, message, "--tls", "--pipeline");

        Assert.True(exitCode == 0, transcript);
        var received = (await lab.Mx.ReceiveAsync(recipient, Cancelled)).AssertUnchanged(message);
        Assert.Equal(2, received.Count);
        Assert.Contains("from relay.client.test", received[0], StringComparison.Ordinal);
        Assert.Contains("using TLSv1.3", received[0], StringComparison.Ordinal);
        Assert.Contains("from app.client.test", received[1], StringComparison.Ordinal);
        Assert.Contains("by relay.client.test", received[1], StringComparison.Ordinal);
    }

    [Fact] // TLS-15, CERT-05, CERT-06: RFC 9525 §6, judged by us and written to the delivery log
    public async Task Delivery_ToACertificateOfATrustedRoot_IsLoggedAsVerified()
    {
        lab.Require();
        var recipient = InteropLab.NewRecipient("remote.test");

        var (exitCode, transcript) = await Swaks.SendAsync(lab.Relay.EndPoint.Port, recipient, SampleMessages.Get("plain"));

        Assert.True(exitCode == 0, transcript);
        var line = await lab.Relay.WaitForEventAsync("delivered", $"to=<{recipient}>", Cancelled);
        Assert.Contains(" from=<app@client.test>", line, StringComparison.Ordinal);
        Assert.Contains(" mx=mx.remote.test ip=127.0.0.1 tls=TLSv1.3 ", line, StringComparison.Ordinal);
        Assert.Contains(" verified=pkix ", line, StringComparison.Ordinal);
        Assert.Contains(" dsn=2.0.0 ", line, StringComparison.Ordinal);
        Assert.Contains("queued as", line, StringComparison.Ordinal);
    }

    [Theory] // SMTP-09 to SMTP-13: RFC 5321 §5.1
    [InlineData("alias.test")]
    [InlineData("chain1.test")]
    [InlineData("many.test")]
    [InlineData("six.test")]
    [InlineData("implicit.test")]
    [InlineData("deep.down.wild.test")]
    [InlineData("REMOTE.Test")]
    public async Task Domain_HoweverItsMxIsFound_GetsItsMail(string domain)
    {
        lab.Require();
        var recipient = InteropLab.NewRecipient(domain);
        var message = SampleMessages.Get("plain");

        var (exitCode, transcript) = await Swaks.SendAsync(lab.Relay.EndPoint.Port, recipient, message);

        Assert.True(exitCode == 0, transcript);
        (await lab.Mx.ReceiveAsync(recipient, Cancelled)).AssertUnchanged(message);
    }

    [Theory] // RFC 7505 §3, RFC 5321 §5.1: such domains take no mail
    [InlineData("null.test")]
    [InlineData("nowhere.test")]
    public async Task Domain_WithoutMail_IsBounced(string domain)
    {
        lab.Require();
        var recipient = InteropLab.NewRecipient(domain);

        var (exitCode, transcript) = await Swaks.SendAsync(lab.Relay.EndPoint.Port, recipient, SampleMessages.Get("plain"));

        Assert.True(exitCode == 0, transcript);
        var line = await lab.Relay.WaitForEventAsync("bounced", $"to=<{recipient}>", Cancelled);
        Assert.Contains(" dsn=5.1.", line, StringComparison.Ordinal);
    }

    [Fact] // EXT-12, EXT-16: RFC 6531 §3.2; curl says SMTPUTF8 by itself
    public async Task InternationalAddress_ThroughTheRelay_ArrivesAsItIs()
    {
        lab.Require();
        var recipient = InteropLab.NewRecipient("bücher.test").Replace("user", "größe", StringComparison.Ordinal);
        var message = SampleMessages.Get("eight-bit");

        var (exitCode, _, error) = await DebianProgram.RunAsync(
            DebianProgram.Curl.Path,
            [
                "--verbose", "--silent", "--show-error", "--upload-file", "-", "--mail-from", "app@client.test",
                "--mail-rcpt", recipient, $"smtp://{lab.Relay.EndPoint}/app.client.test",
            ],
            message,
            Cancelled);

        Assert.True(exitCode == 0, error);
        Assert.Contains("SMTPUTF8", error, StringComparison.Ordinal);
        await lab.Relay.WaitForEventAsync("delivered", recipient[..recipient.IndexOf('@', StringComparison.Ordinal)], Cancelled);
    }

    [Fact] // SMTP-44: RFC 5321 §2.4
    public async Task LocalPart_InMixedCaseAndQuoted_IsPassedOnUnchanged()
    {
        lab.Require();
        var recipient = "\"MiXed. Case\"" + InteropLab.NewRecipient("remote.test")["user".Length..];
        recipient = recipient.Insert(recipient.IndexOf('"', 1), InteropLab.NewRecipient("x").Split('@')[0]);
        recipient = recipient[..(recipient.LastIndexOf('"') + 1)] + "@remote.test";

        var (exitCode, transcript) = await Swaks.SendAsync(lab.Relay.EndPoint.Port, recipient, SampleMessages.Get("plain"));

        Assert.True(exitCode == 0, transcript);
        var settled = await lab.Mx.WaitForLogAsync($"to=<{recipient}>", Cancelled);
        Assert.Contains("status=sent", settled, StringComparison.Ordinal);
    }
}
