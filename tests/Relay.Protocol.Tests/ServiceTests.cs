namespace Relay.Protocol.Tests;

/// <summary>Whom the relay serves, whom it does not, and how it says goodbye.</summary>
public sealed class ServiceTests : IAsyncLifetime
{
    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // RFC 5321 §3.6.2, §7.9: relaying is limited to known clients; others get 550 at RCPT
    public async Task SMTP_66_AnOutsiderIsRefusedAtRcpt()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync(("Relay:TrustedNetworks:0", "192.0.2.0/24"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync(PlainMessage.Mail, "250", Cancel);
        await talk.SayAsync("RCPT TO:<ann@one.test>", "550", Cancel);
        await talk.SayAsync("DATA", "5", Cancel);

        Assert.Empty(mx.Connections);
    }

    [Theory] // RFC 5321 §4.5.1: mail to postmaster is accepted, in any letter case and without domain
    [InlineData("Postmaster")]
    [InlineData("postmaster")]
    [InlineData("POSTMASTER")]
    [InlineData("pOsTmAsTeR@relay.test")]
    public async Task SMTP_67_PostmasterIsAccepted(string recipient)
    {
        var mx = _lab.AddHost("mx.relay.test");
        _lab.Dns.Zone.AddMx("relay.test", 10, "mx.relay.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, recipient);

        var arrived = Assert.Single((await mx.WaitForMessagesAsync(1, Cancel))[0].Recipients);
        Assert.Equal("postmaster@relay.test", arrived, ignoreCase: true);
    }

    [Fact] // RFC 5321 §3.8, §4.2.1: shutdown answers 421 and closes orderly
    public async Task SMTP_68_ShutdownAnswers421AndCloses()
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var idle = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await using var busy = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await busy.SayAsync(PlainMessage.Mail, "250", Cancel);
        var stopping = relay.StopAsync();

        foreach (var talk in (SmtpTalk[])[idle, busy])
        {
            Assert.StartsWith("421", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
            Assert.Empty(await talk.ReadReplyAsync(Cancel));
        }

        await stopping;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();
}
