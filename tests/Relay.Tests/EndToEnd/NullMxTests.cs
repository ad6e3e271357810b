using Relay.Lab.Dns;

namespace Relay.Tests.EndToEnd;

/// <summary>Mail to domains that take none.</summary>
public sealed class NullMxTests : IAsyncLifetime
{
    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // SMTP-14, RFC 7505 §4.1: 556 5.1.10 once it is known, and RCPT asks no name server for it
    public async Task Rcpt_ForADomainKnownToHaveANullMx_Is556()
    {
        _lab.Dns.Zone.AddMx("null.test", 0, ".");
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SendAsync("app@corp.test", ["ann@null.test"], "Subject: a\r\n\r\nb\r\n", "250", Cancel);
        Assert.Contains("5.1.10", await relay.Log.NextAsync("bounced", Cancel), StringComparison.Ordinal);

        await talk.SayAsync("MAIL FROM:<app@corp.test>", "250", Cancel);
        await talk.SayAsync("RCPT TO:<ann@NULL.test>", "556 5.1.10", Cancel);
        await talk.SayAsync("RCPT TO:<ann@other.test>", "250", Cancel);
        Assert.Equal(1, _lab.Dns.Queries.Count("null.test", LabDnsType.Mx));
        Assert.Contains("reply=\"556 5.1.10 ", await relay.Log.NextAsync("relay-denied", Cancel), StringComparison.Ordinal);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();
}
