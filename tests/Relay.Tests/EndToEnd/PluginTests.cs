using Microsoft.Extensions.DependencyInjection;
using Relay.Admin;
using Relay.Commands;
using Relay.Hosting;
using Relay.MtaSts.Cache;
using Relay.TlsRpt;

namespace Relay.Tests.EndToEnd;

/// <summary>Each plugin is one line of the composition; the relay delivers without any of them.</summary>
public sealed class PluginTests : IAsyncDisposable
{
    private readonly LabInternet _lab = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact]
    public void Plugins_AreTheOnesTheseTestsTakeOut() => Assert.Equal(2, RelayApplication.Plugins.Count);

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(1)]
    public async Task Relay_WithoutAPlugin_DeliversAndAnswersItsOperators(int only)
    {
        var plugins = only < 0 ? [] : RelayApplication.Plugins.Skip(only).Take(1).ToArray();
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync(TimeProvider.System, plugins);
        await SendAsync(relay);
        Assert.Contains("hello", Assert.Single(await mx.WaitForMessagesAsync(1, Token)).Text, StringComparison.Ordinal);
        await relay.Log.NextAsync("delivered", Token);

        Assert.Equal(only == 0, relay.Services.GetService<IPolicyCache>() is not null);
        Assert.Equal(only == 1, relay.Services.GetService<TlsReports>() is not null);
        using var client = new AdminClient(RelayAccess.SocketOf(relay.Services));
        Assert.IsType<AdminAnswer<QueueTotalsView>.Found>(await client.SendAsync<QueueTotalsView>(HttpMethod.Get, "/queue/totals", Token));
    }

    [Theory] // RPT-09, RFC 8460 §4.2.1: what no policy judged is counted under no-policy-found, whoever is there to judge
    [InlineData(true)]
    [InlineData(false)]
    public async Task Sessions_WhereMtaStsIsOff_AreCountedAllTheSame(bool isThere)
    {
        var mx = _lab.AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync(
            TimeProvider.System,
            isThere ? RelayApplication.Plugins : RelayApplication.Plugins.Skip(1),
            isThere ? [("MtaSts:Enabled", "false")] : []);
        await SendAsync(relay);
        await mx.WaitForMessagesAsync(1, Token);
        await relay.Log.NextAsync("delivered", Token);

        var reports = relay.Services.GetRequiredService<TlsReports>();
        await Poll.UntilAsync(() => reports.Preview(Names.Name("one.test")).Any(), Token);
        Assert.Contains(
            "\"total-successful-session-count\":1",
            System.Text.Encoding.UTF8.GetString(Assert.Single(reports.Preview(Names.Name("one.test"))).Json.Span),
            StringComparison.Ordinal);
    }

    private static async Task SendAsync(RelayUnderTest relay)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
        await talk.SendAsync("app@corp.test", ["ann@one.test"], "Subject: x\r\n\r\nhello\r\n", "250 2.0.0", Token);
        await talk.SayAsync("QUIT", "221", Token);
    }
}
