using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Relay.Lab.Dns;
using Relay.Queue;

namespace Relay.Tests.Faults;

/// <summary>No name server answers: mail waits with the reason, and goes when one does.</summary>
public sealed class DnsGoneTests : IAsyncDisposable
{
    private readonly LabInternet _internet = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _internet.DisposeAsync();

    [Theory]
    [InlineData("silent")]
    [InlineData("servfail")]
    [InlineData("refused")]
    public async Task Dns_FailsAltogether_MailWaitsAndGoesWhenItIsBack(string fault)
    {
        var mx = _internet.AddDomain("good.test");
        foreach (var type in Enum.GetValues<LabDnsType>())
        {
            _internet.Dns.SetFault(null, type, fault switch
            {
                "silent" => new LabDnsFault.Silence(),
                "servfail" => LabDnsFault.ServerFailure,
                _ => LabDnsFault.Refused,
            });
        }

        // It starts without DNS, too.
        await using var relay = await _internet.StartRelayAsync(("Dns:Timeout", "00:00:01"), ("Dns:Attempts", "1"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
        await talk.SendAsync("app@corp.test", ["ann@good.test"], "Subject: x\r\n\r\nbody\r\n", "250 2.0.0", Token);
        var line = await relay.Log.NextAsync("deferred", Token);
        Assert.Contains("reason=dns-failure", line, StringComparison.Ordinal);
        Assert.Contains("dsn=4.4.3", line, StringComparison.Ordinal);

        _internet.Dns.ClearFaults();
        await BackAsync(relay);
        Assert.Single(mx.Messages);
        Assert.Empty(relay.Log.Of("bounced"));
        Assert.Empty(relay.Log.Of("expired"));
    }

    [Fact] // Nothing listens at the server's address: the system says so at once
    public async Task Dns_NobodyListens_MailWaits()
    {
        int port;
        using (var taken = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
        {
            taken.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            port = ((IPEndPoint)taken.LocalEndPoint!).Port;
        }

        await using var relay = await _internet.StartRelayAsync(
            ("Dns:Servers:0", $"127.0.0.1:{port}"), ("Dns:Timeout", "00:00:01"), ("Dns:Attempts", "1"));
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
        await talk.SendAsync("app@corp.test", ["ann@good.test"], "Subject: x\r\n\r\nbody\r\n", "250 2.0.0", Token);
        Assert.Contains("reason=dns-failure", await relay.Log.NextAsync("deferred", Token), StringComparison.Ordinal);
    }

    // The resolver leaves a server that failed alone for a while: an operator's retries find out when it is back.
    private static async Task BackAsync(RelayUnderTest relay)
    {
        var control = relay.Services.GetRequiredService<MailQueue>().Control!;
        var delivered = relay.Log.NextAsync("delivered", Token);
        while (!delivered.IsCompleted)
        {
            control.Retry(id: null, "good.test", "test");
            await Task.WhenAny(delivered, Task.Delay(TimeSpan.FromMilliseconds(200), TimeProvider.System, Token));
        }

        await delivered;
    }
}
