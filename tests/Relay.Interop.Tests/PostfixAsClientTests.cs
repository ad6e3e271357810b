using System.Globalization;
using Relay.Interop.Tests.Programs;

namespace Relay.Interop.Tests;

/// <summary>A Postfix whose relayhost we are: what every organisation's mail server does with a smarthost.</summary>
public sealed class PostfixAsClientTests(InteropLab lab) : IAsyncLifetime
{
    private PostfixInstance? _client;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        lab.Require();
        var settings = string.Create(CultureInfo.InvariantCulture, $"""
            relayhost = [127.0.0.1]:{lab.Relay.EndPoint.Port}
            smtpd_relay_restrictions = permit_mynetworks, reject
            smtp_tls_CAfile = {lab.RootFile}
            smtp_tls_loglevel = 1
            smtp_tls_secure_cert_match = relay.client.test
            smtputf8_enable = yes
            sender_dependent_default_transport_maps = inline:{"{"} clear@client.test=clear, opportunistic@client.test=opportunistic, secure@client.test=secure, implicit@client.test=implicit:[127.0.0.1]:{lab.ImplicitTlsPort} {"}"}
            """);
        const string Transports = """
            clear unix - - n - - smtp -o smtp_tls_security_level=none
            opportunistic unix - - n - - smtp -o smtp_tls_security_level=may
            secure unix - - n - - smtp -o smtp_tls_security_level=secure
            implicit unix - - n - - smtp -o smtp_tls_security_level=secure -o smtp_tls_wrappermode=yes
            """;
        _client = await PostfixInstance.StartAsync(
            lab.NewDirectory("client-" + Guid.NewGuid().ToString("N")), "mail.client.test", settings, Transports, Cancelled);
    }

    public ValueTask DisposeAsync() => _client?.DisposeAsync() ?? ValueTask.CompletedTask;

    [Fact] // TLS-01, TLS-15, SMTP-53 to SMTP-57: RFC 3207 §4
    public async Task Mail_FromAPostfixOverEveryKindOfTls_IsRelayedUnchanged()
    {
        foreach (var (transport, with, established) in ((string, string, string?)[])
            [
                ("clear", " with ESMTP ", null),
                ("opportunistic", " with ESMTPS ", "TLS connection established to 127.0.0.1"),
                ("secure", " with ESMTPS ", "Verified TLS connection established to 127.0.0.1"),
                ("implicit", " with ESMTPS ", "Verified TLS connection established to 127.0.0.1"),
            ])
        {
            var recipient = InteropLab.NewRecipient("remote.test");
            var message = SampleMessages.Get("dots");

            var (exitCode, transcript) = await Swaks.SendAsync(
                _client!.Port, recipient, message, "--from", $"{transport}@client.test", "--pipeline");

            Assert.True(exitCode == 0, transcript);
            var received = (await lab.Mx.ReceiveAsync(recipient, Cancelled)).AssertUnchanged(message);
            Assert.Contains("from mail.client.test", received[1], StringComparison.Ordinal);
            Assert.Contains(with, received[1], StringComparison.Ordinal);
            if (established is not null)
            {
                await _client.WaitForLogAsync(established, Cancelled);
            }
        }
    }

    [Fact] // EXT-04, SMTP-36: RFC 2920 §3.2, RFC 5321 §4.5.4.1
    public async Task Mail_FromAPostfixToManyRecipients_ArrivesForEach()
    {
        var recipients = Enumerable.Range(0, 60).Select(i => InteropLab.NewRecipient(i % 2 == 0 ? "remote.test" : "many.test")).ToList();
        var message = SampleMessages.Get("eight-bit");

        var (exitCode, transcript) = await Swaks.SendAsync(
            _client!.Port, string.Join(',', recipients), message, "--from", "secure@client.test", "--pipeline");

        Assert.True(exitCode == 0, transcript);
        foreach (var recipient in recipients)
        {
            (await lab.Mx.ReceiveAsync(recipient, Cancelled)).AssertUnchanged(message);
        }
    }

    [Fact]
    public async Task Mail_OfFiveMegabytesFromAPostfix_ArrivesUnchanged()
    {
        var recipient = InteropLab.NewRecipient("remote.test");
        var message = SampleMessages.Get("five-megabytes");

        var (exitCode, transcript) = await Swaks.SendAsync(_client!.Port, recipient, message, "--from", "secure@client.test");

        Assert.True(exitCode == 0, transcript);
        (await lab.Mx.ReceiveAsync(recipient, Cancelled)).AssertUnchanged(message);
    }
}
