using Relay.Lab.Mx;

namespace Relay.Tests.EndToEnd;

/// <summary>A message through the whole program, with a lab Internet around it.</summary>
public sealed class FirstMessageTests : IAsyncLifetime
{
    private const string Complete =
        "Date: Sun, 22 Nov 2026 07:40:12 +0000\r\nMessage-ID: <1@client.test>\r\nReceived: from a by b; x\r\n"
        + "Return-Path: <kept@client.test>\r\nSubject:  two  spaces \r\n\r\nbody\t \r\n";

    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // SMTP-53, SMTP-55, SMTP-61, SMTP-62, RFC 5321 §4.4, §6.4
    public async Task Submit_CompleteMessage_ArrivesOverTlsUnchangedButForOneReceivedField()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, "ann@one.test", Complete);

        var message = (await mx.WaitForMessagesAsync(1, Cancel))[0];
        Assert.True(message.IsTls);
        Assert.EndsWith(Complete, message.Text, StringComparison.Ordinal);
        var trace = message.Text[..^Complete.Length];
        Assert.StartsWith("Received: from client.test ([127.0.0.1])\r\n\tby relay.test with ESMTP id ", trace, StringComparison.Ordinal);
        Assert.Equal(1, trace.Split("\r\n").Count(line => line.Length > 0 && !line.StartsWith('\t')));

        var delivered = await relay.Log.NextAsync("delivered", Cancel);
        Assert.Contains(" from=<app@corp.test> to=<ann@one.test> mx=mx.one.test ip=127.0.0.2 tls=TLSv1.3 ", delivered, StringComparison.Ordinal);
        Assert.Contains(" verified=pkix ", delivered, StringComparison.Ordinal);
    }

    [Fact] // SUB-07, RFC 6409 §8.2, §8.3
    public async Task Submit_WithoutDateAndMessageId_GetsBoth()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, "ann@one.test", "Subject: x\r\n\r\nbody\r\n");
        var text = (await mx.WaitForMessagesAsync(1, Cancel))[0].Text;
        Assert.Matches("\r\nDate: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} \\+0000\r\n", text);
        Assert.Matches("\r\nMessage-ID: <[0-9A-Z]+@relay\\.test>\r\n", text);
        Assert.EndsWith("\r\nSubject: x\r\n\r\nbody\r\n", text, StringComparison.Ordinal);
    }

    [Fact] // SUB-08, RFC 5321 §6.4
    public async Task Submit_OnARelayListener_RepairsNothing()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync(("Relay:Listeners:0:Submission", "false"));
        await SendAsync(relay, "ann@one.test", "Subject: x\r\n\r\nbody\r\n");
        var text = (await mx.WaitForMessagesAsync(1, Cancel))[0].Text;
        Assert.DoesNotContain("\r\nDate:", text, StringComparison.Ordinal);
        Assert.DoesNotContain("\r\nMessage-ID:", text, StringComparison.Ordinal);
    }

    [Fact] // SMTP-56, SMTP-57, RFC 3207 §4, RFC 8314 §4.3
    public async Task Submit_OverStartTls_IsTracedWithItsCipher()
    {
        var mx = _lab.AddDomain("one.test");
        var (certificate, key) = WriteCertificate("relay.test");
        await using var relay = await _lab.StartRelayAsync(
            ("Relay:Certificate:CertificateFile", certificate), ("Relay:Certificate:KeyFile", key));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.StartTlsAsync(Cancel);
        await talk.SendAsync("app@corp.test", ["ann@one.test"], Complete, "250 2.0.0", Cancel);
        var text = (await mx.WaitForMessagesAsync(1, Cancel))[0].Text;
        Assert.Contains(" with ESMTPS id ", text, StringComparison.Ordinal);
        Assert.Contains("\r\n\ttls TLS_", text, StringComparison.Ordinal);
        Assert.Contains(
            " tls=TLSv1.3 cipher=TLS_", await relay.Log.NextAsync("received", Cancel), StringComparison.Ordinal);
    }

    [Fact] // TLS-12, RFC 3207 §4: STARTTLS is offered to all and demanded of nobody
    public async Task Submit_InClearWhereTlsIsOffered_IsTaken()
    {
        var mx = _lab.AddDomain("one.test");
        var (certificate, key) = WriteCertificate("relay.test");
        await using var relay = await _lab.StartRelayAsync(
            ("Relay:Certificate:CertificateFile", certificate), ("Relay:Certificate:KeyFile", key));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        Assert.Contains("STARTTLS\r\n", await talk.SayAsync("EHLO client.test", "250", Cancel), StringComparison.Ordinal);
        await talk.SendAsync("app@corp.test", ["ann@one.test"], Complete, "250 2.0.0", Cancel);
        await mx.WaitForMessagesAsync(1, Cancel);
    }

    [Fact] // SUB-02, RFC 8314 §3.3
    public async Task Submit_OverImplicitTls_Works()
    {
        var mx = _lab.AddDomain("one.test");
        var (certificate, key) = WriteCertificate("relay.test");
        await using var relay = await _lab.StartRelayAsync(
            ("Relay:Certificate:CertificateFile", certificate),
            ("Relay:Certificate:KeyFile", key),
            ("Relay:Listeners:0:Tls", "Implicit"));
        await using var talk = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel);
        await talk.SecureAsync(Cancel);
        Assert.StartsWith("220", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("STARTTLS", await talk.SayAsync("EHLO client.test", "250", Cancel), StringComparison.Ordinal);
        await talk.SendAsync("app@corp.test", ["ann@one.test"], Complete, "250 2.0.0", Cancel);
        await mx.WaitForMessagesAsync(1, Cancel);
    }

    [Fact] // The certificate is read again when its file changes, with no restart.
    public async Task Certificate_FileChanges_NextSessionShowsTheNewOne()
    {
        var clock = new Lab.ManualClock(DateTimeOffset.Parse("2026-11-22T00:00:00Z", System.Globalization.CultureInfo.InvariantCulture));
        var (certificate, key) = WriteCertificate("old.test");
        await using var relay = await _lab.StartRelayAsync(
            clock, ("Relay:Certificate:CertificateFile", certificate), ("Relay:Certificate:KeyFile", key));
        Assert.Contains("old.test", await SubjectAsync(relay), StringComparison.Ordinal);

        WriteCertificate("new.test");
        File.SetLastWriteTimeUtc(key, File.GetLastWriteTimeUtc(key).AddSeconds(10));
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Contains("new.test", await SubjectAsync(relay), StringComparison.Ordinal);

        // A broken file does not take TLS away.
        await File.WriteAllTextAsync(certificate, "not a certificate", Cancel);
        File.SetLastWriteTimeUtc(certificate, File.GetLastWriteTimeUtc(certificate).AddSeconds(20));
        clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Contains("new.test", await SubjectAsync(relay), StringComparison.Ordinal);
        await relay.Log.NextAsync("certificate-unusable", Cancel);
    }

    [Fact] // SMTP-66, RFC 5321 §3.6.2, §7.9
    public async Task Rcpt_FromAnUntrustedNetwork_IsDenied()
    {
        _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync(("Relay:TrustedNetworks:0", "192.0.2.0/24"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync("MAIL FROM:<app@corp.test>", "250", Cancel);
        foreach (var trick in (string[])
            ["ann@one.test", "@relay.test:ann@one.test", "ann%one.test@relay.test", "one.test!ann@relay.test", "\"ann@one.test\"@relay.test", "ann@[127.0.0.1]", "Postmaster"])
        {
            await talk.SayAsync($"RCPT TO:<{trick}>", "550 5.7.1", Cancel);
        }

        for (var denied = 0; denied < 7; denied++)
        {
            await relay.Log.NextAsync("relay-denied", Cancel);
        }
    }

    [Fact] // SUB-04, RFC 4954 §6: trusted networks do not count where authentication is demanded.
    public async Task Mail_WhereAuthenticationIsRequired_Is530()
    {
        var (certificate, key) = WriteCertificate("relay.test");
        await using var relay = await _lab.StartRelayAsync(
            ("Relay:Certificate:CertificateFile", certificate),
            ("Relay:Certificate:KeyFile", key),
            ("Relay:Listeners:0:RequireAuth", "true"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.StartTlsAsync(Cancel);
        await talk.SayAsync("MAIL FROM:<app@corp.test>", "530 5.7.0", Cancel);
    }

    [Fact] // SUB-05, SMTP-17, RFC 6409 §4.2
    public async Task Envelope_PartialDomains_AreRefused()
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync("MAIL FROM:<app@host>", "553 5.1.7", Cancel);
        await talk.SayAsync("MAIL FROM:<app@corp.test>", "250", Cancel);
        await talk.SayAsync("RCPT TO:<ann@host>", "550 5.1.2", Cancel);
    }

    [Theory] // RFC 5891 §5.4: a domain that is none once it is mapped, found at once, and nothing of it goes out
    [InlineData("bank.test\uFF1Ex.evil.test")]
    [InlineData("bank.test\uFF20evil.test")]
    [InlineData("a\uFF0Fb.evil.test")]
    [InlineData("a\uFF1A22.evil.test")]
    [InlineData("a\u2100b.test")]
    [InlineData("bank\u2024test.test")]
    public async Task Envelope_DomainsThatCannotBeMapped_AreRefused(string domain)
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync($"MAIL FROM:<app@{domain}> SMTPUTF8", "553 5.1.7", Cancel);
        await talk.SayAsync("MAIL FROM:<app@corp.test> SMTPUTF8", "250", Cancel);
        await talk.SayAsync($"RCPT TO:<ann@{domain}>", "550 5.1.2", Cancel);
        await talk.SayAsync("RCPT TO:<ann@b\u00fccher.test>", "250", Cancel);
    }

    [Theory] // SMTP-60, RFC 5321 §6.3
    [InlineData(99, "250 2.0.0")]
    [InlineData(100, "250 2.0.0")]
    [InlineData(101, "554 5.4.6")]
    public async Task Submit_ManyReceivedFields_AreALoopAboveOneHundred(int fields, string expected)
    {
        _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        var text = string.Concat(Enumerable.Repeat("Received: from a by b; x\r\n", fields)) + "\r\nbody\r\n";
        await talk.SendAsync("app@corp.test", ["ann@one.test"], text, expected, Cancel);
    }

    [Fact] // SMTP-38, RFC 5321 §3.3
    public async Task Deliver_MixedReplies_OneDeliveredOneDeferredOneBounced()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior()
            .At("RCPT", "later@", MxAction.Reply("450 4.2.1 Mailbox busy"))
            .At("RCPT", "never@", MxAction.Reply("550 5.1.1 No such user")));
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", ["ok@one.test", "later@one.test", "never@one.test"], Complete, "250 2.0.0", Cancel);
        Assert.Contains("to=<ok@one.test>", await relay.Log.NextAsync("delivered", Cancel), StringComparison.Ordinal);
        Assert.Single((await mx.WaitForMessagesAsync(1, Cancel))[0].Recipients);
        Assert.Contains("to=<later@one.test>", await relay.Log.NextAsync("deferred", Cancel), StringComparison.Ordinal);
        var bounced = await relay.Log.NextAsync("bounced", Cancel);
        Assert.Contains("to=<never@one.test>", bounced, StringComparison.Ordinal);
        Assert.Contains("dsn=5.1.1", bounced, StringComparison.Ordinal);
    }

    [Fact] // A message larger than the spool's memory goes through its file and the store's chunks unharmed.
    public async Task Submit_FiveMegabytes_ArrivesOctetForOctet()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync();
        var line = new string('x', 98) + "\r\n";
        var text = "Date: x\r\nMessage-ID: <a@b>\r\n\r\n" + string.Concat(Enumerable.Range(0, 50_000).Select(i => $"{i:D6}{line[6..]}"));
        await SendAsync(relay, "ann@one.test", text);
        Assert.EndsWith(text, (await mx.WaitForMessagesAsync(1, Cancel))[0].Text, StringComparison.Ordinal);
    }

    [Fact] // SMTP-68, RFC 5321 §3.8
    public async Task Stop_IdleSession_Gets421AndTheLogSaysGoodbye()
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        var stopping = relay.StopAsync();
        Assert.StartsWith("421", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(string.Empty, await talk.ReadReplyAsync(Cancel));
        await stopping;
        await relay.Log.NextAsync("stopping", Cancel);
        await relay.Log.NextAsync("stopped", Cancel);
    }

    [Fact] // SMTP-45, RFC 5321 §6.1: what was answered 250 outlives the process that answered.
    public async Task Restart_DeferredMessage_IsDelivered()
    {
        var mx = _lab.AddDomain("one.test", new MxBehavior().At(MxRule.Connect, MxAction.ReplyAndClose("421 busy")));
        await using (var relay = await _lab.StartRelayAsync())
        {
            await SendAsync(relay, "ann@one.test", Complete);
            await relay.Log.NextAsync("deferred", Cancel);
        }

        mx.Behavior = new MxBehavior { HostName = "mx.one.test", Certificate = mx.Behavior.Certificate };
        var later = new Lab.ManualClock(TimeProvider.System.GetUtcNow() + TimeSpan.FromMinutes(10));
        await using var again = await _lab.StartRelayAsync(later);
        Assert.EndsWith(Complete, (await mx.WaitForMessagesAsync(1, Cancel))[0].Text, StringComparison.Ordinal);
    }

    [Fact] // HARD-15
    public async Task Connect_BeyondTheLimitOfOneAddress_Gets421()
    {
        await using var relay = await _lab.StartRelayAsync(("Relay:MaxConnectionsPerAddress", "1"));
        await using var first = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await using var second = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel);
        Assert.StartsWith("421 4.7.0", await second.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        await first.SayAsync("NOOP", "250", Cancel);
    }

    [Fact] // SMTP-67, SUB-19, RFC 5321 §4.5.1
    public async Task Rcpt_PostmasterWithoutDomain_GoesToTheConfiguredMailbox()
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync(("Relay:Postmaster", "duty@one.test"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", ["pOSTmaster"], Complete, "250 2.0.0", Cancel);
        Assert.Equal("duty@one.test", Assert.Single((await mx.WaitForMessagesAsync(1, Cancel))[0].Recipients));
    }

    [Fact] // SMTP-11, SMTP-59, RFC 5321 §5.1, §6.3
    public async Task Deliver_DomainWhoseOnlyMxIsThisRelay_Bounces()
    {
        _lab.AddDomain("one.test");
        _lab.Dns.Zone.AddMx("loop.test", 10, "relay.test");
        _lab.Dns.Zone.AddA("relay.test", "127.0.0.2");
        await using var relay = await _lab.StartRelayAsync();
        await SendAsync(relay, "ann@loop.test", Complete);
        Assert.Contains("dsn=5.4.6", await relay.Log.NextAsync("bounced", Cancel), StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private static async Task SendAsync(RelayUnderTest relay, string to, string text)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", [to], text, "250 2.0.0", Cancel);
        await talk.SayAsync("QUIT", "221", Cancel);
    }

    private static async Task<string> SubjectAsync(RelayUnderTest relay)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync("STARTTLS", "220", Cancel);
        return await talk.SecureAsync(Cancel);
    }

    private (string Certificate, string Key) WriteCertificate(string name)
    {
        var certificate = Path.Combine(_lab.DataDirectory, "relay.pem");
        var key = Path.Combine(_lab.DataDirectory, "relay.key");
        _lab.Authority.Issue(name).WritePem(certificate, key);
        return (certificate, key);
    }
}
