using Relay.Lab;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>
/// A sender at <c>corp.test</c>, whose host keeps the notifications, and recipients at <c>one.test</c>, whose host behaves as a test
/// wants.
/// </summary>
internal sealed class NoticeLab : IAsyncDisposable
{
    private NoticeLab(LabInternet internet, RelayUnderTest relay, LabMx sender, LabMx recipient) =>
        (Internet, Relay, Sender, Recipient) = (internet, relay, sender, recipient);

    /// <summary>A retry after 40 to 44 minutes, when the sender is to be told of the delay.</summary>
    public static (string Key, string Value)[] SoonLate => [("Queue:RetrySchedule:0", "00:40:00"), ("Queue:DelayWarning", "00:30:00")];

    public LabInternet Internet { get; }

    public RelayUnderTest Relay { get; }

    public LabMx Sender { get; }

    public LabMx Recipient { get; }

    /// <summary>A host that knows nobody, and has no extensions.</summary>
    public static MxBehavior Refusing => new MxBehavior { Extensions = [] }.At("RCPT", MxAction.Reply("550 5.1.1 No such user here"));

    /// <summary>A host that is busy for ever.</summary>
    public static MxBehavior Deferring => new MxBehavior { Extensions = [] }.At("RCPT", MxAction.Reply("451 4.3.0 Not now"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<NoticeLab> StartAsync(
        MxBehavior recipient, MxBehavior? sender = null, TimeProvider? clock = null, params (string Key, string Value)[] settings)
    {
        var internet = new LabInternet();
        internet.Dns.Zone.AddMx("corp.test", 10, "mx.corp.test").AddMx("one.test", 10, "mx.one.test").AddMx("witness.test", 0, ".");
        var (home, away) = (internet.AddHost("mx.corp.test", sender), internet.AddHost("mx.one.test", recipient));
        return new NoticeLab(internet, await internet.StartRelayAsync(clock ?? TimeProvider.System, settings), home, away);
    }

    /// <summary>Sends the letter with parameters of MAIL and of each recipient's RCPT.</summary>
    public Task SubmitAsync(string mail, params string[] recipients) => SubmitTextAsync(PlainMessage.Text, mail, recipients);

    /// <summary>As above, with another message.</summary>
    public Task SubmitTextAsync(string text, string mail, params string[] recipients) =>
        Relay.SubmitAsync(PlainMessage.Mail + mail, [.. recipients.Select(recipient => $"RCPT TO:{recipient}")], text, Cancel);

    /// <summary>The first notification to the sender.</summary>
    public async Task<Notice> NoticeAsync() => Notice.Of((await Sender.WaitForMessagesAsync(1, Cancel))[0]);

    /// <summary>
    /// Nobody is told anything of what has been settled so far: a witness, settled after it, is the only one of whom the sender hears,
    /// and nothing is left to be sent.
    /// </summary>
    public async Task AssertNoNoticeAsync()
    {
        await SubmitAsync(string.Empty, "<ann@witness.test>");
        await Sender.WaitForMessagesAsync(1, Cancel);
        await Relay.StopAsync();
        Assert.Equal("rfc822; ann@witness.test", Notice.Of(Assert.Single(Sender.Messages)).OfRecipient("Final-Recipient"));
    }

    /// <summary>
    /// Lets a message wait by <see cref="SoonLate"/> until its sender is to be warned, or, where nobody is, until it is tried again.
    /// </summary>
    public async Task PassDelayAsync(ManualClock clock)
    {
        await Relay.Log.NextAsync("deferred", Cancel);
        var wait = await clock.DueAsync(TimeSpan.FromMinutes(29), TimeSpan.FromMinutes(44), Cancel);
        clock.Advance(wait);
        if (wait > TimeSpan.FromMinutes(35))
        {
            await Relay.Log.NextAsync("deferred", Cancel);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await Internet.DisposeAsync();
    }
}
