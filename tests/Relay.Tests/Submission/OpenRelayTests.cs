using System.Net;
using System.Text;
using Relay.Lab;

namespace Relay.Tests.Submission;

/// <summary>
/// Everything by which relays were ever opened, from an address that nobody trusts, on each kind of listener (RFC 5321 §7.9): no
/// recipient is taken and nothing comes to stand in the queue.
/// </summary>
public sealed class OpenRelayTests : IAsyncLifetime
{
    private static readonly int[] Listeners = [0, 1, 2];

    private static readonly string[] ForwardPaths =
    [
        "<bob@one.test>", "<@relay.test:bob@one.test>", "<@relay.test,@one.test:bob@one.test>", "<@[127.0.0.1]:bob@one.test>",
        "<bob%one.test@relay.test>", "<bob%one.test%relay.test@relay.test>", "<bob%one.test@[127.0.0.1]>", "<bob%one.test@localhost>",
        "<bob%one.test>", "<bob%one.test@>", "<one.test!bob>", "<one.test!bob@relay.test>", "<relay.test!one.test!bob@relay.test>",
        "<one.test!bob@[127.0.0.1]>", "<\"bob@one.test\"@relay.test>", "<\"bob%one.test\"@relay.test>", "<\"bob@one.test\">",
        "<\"one.test!bob\"@relay.test>", "<\"bob@one.test\"@[127.0.0.1]>", "<\"\\@relay.test:bob@one.test\"@relay.test>",
        "<bob@one.test@relay.test>", "<bob@relay.test@one.test>", "<bob@one.test@>", "<bob@>", "<@>", "<bob>", "<>", "<@one.test>",
        "<bob@one.test.>", "<bob@.one.test>", "<bob@one.test,relay.test>", "<bob@one.test;relay.test>", "<bob@one.test:25>",
        "<bob@[127.0.0.2]>", "<bob@[127.0.0.2]:25>", "<bob@[IPv6:::1]>", "<bob@[one.test]>", "<bob@127.0.0.2>", "<bob@relay.test>",
        "<postmaster>", "<Postmaster@relay.test>", "<postmaster@one.test>", "bob@one.test", "<bob@ONE.TEST>", "<bob@one.test> ",
        "<bob@one.test> NOTIFY=NEVER", "<bob@relay.test> ORCPT=rfc822;bob@one.test", "<bob+relay.test@one.test>", "<\u0000>",
        "\"bob@one.test\" <bob@relay.test>", "<|/bin/true@one.test>", "<root@localhost>", "<bob(relay.test)@one.test>", "<<bob@one.test>>",
    ];

    private static readonly string[] ReversePaths =
    [
        "<>", "<ann@corp.test>", "<ann@relay.test>", "<postmaster@relay.test>", "<bob@one.test>", "<@relay.test:ann@corp.test>",
        "<ann@[127.0.0.1]>", "<ann@[127.0.0.2]>", "<ann@localhost.test>", "<ann@corp.test> AUTH=ann@corp.test", "<ann@corp.test> AUTH=<>",
        "<\"ann@corp.test\"@relay.test>", "<ann@corp.test> BODY=8BITMIME SMTPUTF8", "<ann@corp.test> SIZE=1",
    ];

    private static readonly string[] Claims =
    [
        "HELO relay.test",
        "EHLO localhost",
        "EHLO [127.0.0.1]",
        "EHLO [127.0.0.2]",
        "EHLO ann.corp.test",
        "XCLIENT ADDR=127.0.0.2 NAME=localhost LOGIN=ann@corp.test",
        "XFORWARD ADDR=127.0.0.2 NAME=localhost",
        "PROXY TCP4 127.0.0.2 127.0.0.1 40000 25",
        "AUTH EXTERNAL YW5uQGNvcnAudGVzdA==",
        "AUTH ANONYMOUS",
        "AUTH PLAIN *",
        "AUTH PLAIN =",
        "AUTH PLAIN AAAA",
        "AUTH PLAIN\r\n*",
        "AUTH LOGIN\r\n*",
        "AUTH LOGIN\r\n\r\n",
        "AUTH LOGIN =\r\n=",
        "HELP\r\nTURN\r\nETRN one.test\r\nATRN one.test",
    ];

    private readonly SubmissionLab _lab = new();
    private readonly ManualClock _clock = new(TimeProvider.System.GetUtcNow());
    private Func<int> _deliveries = () => 0;
    private RelayUnderTest _relay = null!;
    private int _allowed;
    private readonly List<string> _opened = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // SMTP-66, SUB-04, RFC 5321 §7.9
    public async Task Rcpt_HoweverItIsWritten_IsRefused()
    {
        foreach (var listener in Listeners)
        {
            foreach (var path in ForwardPaths)
            {
                await using var talk = await OpenAsync(listener);
                await TryToSendAsync(talk, "<ann@corp.test>", path);
            }
        }
    }

    [Fact]
    public async Task Mail_FromWhomeverItSays_OpensNothing()
    {
        foreach (var listener in Listeners)
        {
            foreach (var path in ReversePaths)
            {
                await using var talk = await OpenAsync(listener);
                await TryToSendAsync(talk, path, "<bob@one.test>");
                await talk.SayAsync("RSET", "250", Cancel);
                await TryToSendAsync(talk, path, "<bob@one.test>");
            }
        }
    }

    [Fact] // What a client says of itself counts for nothing.
    public async Task Claim_OfBeingSomebody_OpensNothing()
    {
        foreach (var listener in Listeners)
        {
            foreach (var claim in Claims)
            {
                await using var talk = await OpenAsync(listener);
                foreach (var line in claim.Split("\r\n"))
                {
                    await talk.SayAsync(line, string.Empty, Cancel);
                }

                await TryToSendAsync(talk, "<ann@corp.test>", "<bob@one.test>");
                _clock.Advance(TimeSpan.FromHours(2));
            }
        }
    }

    [Fact] // SUB-04, RFC 4954 §4: whoever failed is who it was before
    public async Task Auth_ThatFailed_OpensNothing()
    {
        foreach (var listener in Listeners)
        {
            foreach (var attempt in (string[])
                [
                    SubmissionLab.Plain("ann@corp.test", "wrong"), SubmissionLab.Plain("nobody", "secret"),
                    SubmissionLab.Plain("ann@corp.test", string.Empty), SubmissionLab.Plain(string.Empty, string.Empty),
                    SubmissionLab.Plain("ann@corp.test", "secret", "root"), SubmissionLab.Plain("bob", "secret", "ann@corp.test"),
                    SubmissionLab.Plain("ann@corp.test\0secret", "x"), SubmissionLab.Plain("*", "*"),
                ])
            {
                await using var talk = await OpenAsync(listener);
                await talk.SayAsync(attempt, "535", Cancel);
                await TryToSendAsync(talk, "<ann@corp.test>", "<bob@one.test>");
                _clock.Advance(TimeSpan.FromHours(2));
            }
        }
    }

    [Fact] // SUB-11: in clear the right password opens nothing either
    public async Task Auth_InClear_OpensNothing()
    {
        foreach (var listener in (int[])[0, 1])
        {
            await using var talk = await SmtpTalk.OpenAsync(_relay.EndPoints[listener], Cancel);
            await talk.SayAsync(SubmissionLab.Plain("ann@corp.test", "secret"), "53", Cancel);
            await TryToSendAsync(talk, "<ann@corp.test>", "<bob@one.test>");
        }
    }

    [Fact] // RFC 3207 §4.2: what was before TLS is forgotten, the transaction with it
    public async Task StartTls_AfterAnAttemptInClear_OpensNothing()
    {
        foreach (var listener in (int[])[0, 1])
        {
            await using var talk = await SmtpTalk.OpenAsync(_relay.EndPoints[listener], Cancel);
            await talk.SayAsync(SubmissionLab.Plain("ann@corp.test", "secret"), "53", Cancel);
            await talk.SayAsync("MAIL FROM:<ann@corp.test>", string.Empty, Cancel);
            await talk.StartTlsAsync(Cancel);
            await talk.SayAsync("RCPT TO:<bob@one.test>", "503", Cancel);
            await TryToSendAsync(talk, "<ann@corp.test>", "<bob@one.test>");
        }
    }

    [Fact] // RFC 2920 §3.1: what was sent behind AUTH in hope is refused with it
    public async Task Auth_PipelinedWithAMessage_OpensNothing()
    {
        foreach (var listener in Listeners)
        {
            foreach (var auth in (string[])[SubmissionLab.Plain("ann@corp.test", "wrong"), "AUTH PLAIN", "AUTH LOGIN"])
            {
                await using var talk = await OpenAsync(listener);
                await talk.SendRawAsync(
                    Encoding.ASCII.GetBytes($"{auth}\r\nMAIL FROM:<ann@corp.test>\r\nRCPT TO:<bob@one.test>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"),
                    Cancel);
                var replies = new List<string>();
                while (await talk.ReadReplyAsync(Cancel) is { Length: > 0 } reply)
                {
                    replies.Add(reply[..3]);
                }

                Assert.Equal("221", replies[^1]);
                Assert.DoesNotContain("235", replies);
                Assert.DoesNotContain("354", replies);
                Assert.All(replies[2..^1], code => Assert.StartsWith("5", code, StringComparison.Ordinal));
                _clock.Advance(TimeSpan.FromHours(2));
            }
        }
    }

    [Fact] // The tests above are worth something only if the way is open for those who may.
    public async Task Trusted_OrAuthenticated_GetsThrough()
    {
        await using (var trusted = await SmtpTalk.OpenAsync(_relay.EndPoints[0], Cancel, IPAddress.Parse("127.0.0.2")))
        {
            await trusted.SendAsync("ann@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);
        }

        await using var user = await OpenAsync(0);
        await user.SayAsync(SubmissionLab.Plain("ann@corp.test", "secret"), "235", Cancel);
        await user.SendAsync("ann@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);
        await _relay.Log.NextAsync("delivered", Cancel);
        await _relay.Log.NextAsync("delivered", Cancel);
        _allowed = 2;
    }

    public async ValueTask InitializeAsync()
    {
        var mx = _lab.Internet.AddDomain("one.test");
        _deliveries = () => mx.Messages.Count;
        _lab.AddAccount("ann@corp.test", "secret");
        _lab.AddAccount("bob", "secret");
        _relay = await _lab.StartRelayAsync(_clock, [.. SubmissionLab.ThreeListeners]);
    }

    public async ValueTask DisposeAsync()
    {
        // Once all is ended and said.
        await _relay.DisposeAsync();
        var (received, delivered) = (_relay.Log.Of("received").Count, _deliveries());
        await _lab.DisposeAsync();
        Assert.Empty(_opened);
        Assert.Equal((_allowed, _allowed), (received, delivered));
    }

    private Task<SmtpTalk> OpenAsync(int listener) =>
        SubmissionLab.OpenTlsAsync(_relay.EndPoints[listener], isImplicit: listener == 2, Cancel);

    // Goes on in spite of every refusal, as those do who look for a relay.
    private async Task TryToSendAsync(SmtpTalk talk, string from, string to)
    {
        await talk.SayAsync($"MAIL FROM:{from}", string.Empty, Cancel);
        foreach (var line in (string[])[$"RCPT TO:{to}", "DATA", "BDAT 3 LAST\r\nx"])
        {
            var reply = await talk.SayAsync(line, string.Empty, Cancel);
            if (!reply.StartsWith('5'))
            {
                _opened.Add($"MAIL FROM:{from}, then {line}: {reply}");
            }
        }
    }
}
