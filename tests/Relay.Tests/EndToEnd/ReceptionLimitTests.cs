using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Relay.Lab;

namespace Relay.Tests.EndToEnd;

/// <summary>HARD-15, RFC 5321 §7.8: the limits of reception in the whole program, their replies and their lines.</summary>
public sealed class ReceptionLimitTests : IAsyncLifetime
{
    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Mail_MoreThanAMinutesMessages_Is450UntilTimePasses()
    {
        var clock = new ManualClock();
        await using var relay = await _lab.StartRelayAsync(clock, ("Relay:MaxMessagesPerMinute", "3"));
        await using (var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel))
        {
            for (var i = 0; i < 3; i++)
            {
                await talk.SendAsync("app@corp.test", ["ann@one.test"], "Subject: a\r\n\r\nb\r\n", "250", Cancel);
            }

            await talk.SayAsync("MAIL FROM:<app@corp.test>", "450 4.7.0", Cancel);
        }

        // Another connection is the same client; the rest of the session is not disturbed.
        await using var again = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await again.SayAsync("MAIL FROM:<app@corp.test>", "450 4.7.0", Cancel);
        await again.SayAsync("NOOP", "250", Cancel);
        clock.Advance(TimeSpan.FromSeconds(20));
        await again.SendAsync("app@corp.test", ["ann@one.test"], "Subject: a\r\n\r\nb\r\n", "250", Cancel);
        await again.SayAsync("MAIL FROM:<app@corp.test>", "450 4.7.0", Cancel);
        var line = await relay.Log.NextAsync("limit-reached", Cancel);
        Assert.Contains("client=127.0.0.1 limit=messages-per-minute value=3", line, StringComparison.Ordinal);
        await relay.Log.NextAsync("limit-reached", Cancel);
        Assert.Equal(2, relay.Log.Of("limit-reached").Count);
    }

    [Fact]
    public async Task Connect_BeyondTheLimitOfOneNetwork_Gets421()
    {
        await using var relay = await _lab.StartRelayAsync(("Relay:MaxConnectionsPerNetwork", "2"));
        await using var one = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await using var two = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await using var three = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel);
        Assert.StartsWith("421 4.7.0 Too many connections from your network", await three.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        Assert.Contains(
            "reason=too-many-connections-from-network limit=2",
            await relay.Log.NextAsync("connection-refused", Cancel),
            StringComparison.Ordinal);
    }

    [Fact] // the configured limits of a session are those that hold
    public async Task Sessions_Configured_HaveTheirRepliesAndLines()
    {
        await using var relay = await _lab.StartRelayAsync(("Relay:Sessions:MaxCommands", "10"), ("Relay:Sessions:MaxErrors", "2"));
        await using (var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel))
        {
            await talk.SendRawAsync(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("RSET\r\n", 9))), Cancel);
            for (var i = 0; i < 9; i++)
            {
                Assert.StartsWith("250", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
            }

            await talk.SayAsync("RSET", "421 4.7.0", Cancel);
            Assert.Empty(await talk.ReadReplyAsync(Cancel));
        }

        Assert.Contains("limit=commands value=10", await relay.Log.NextAsync("limit-reached", Cancel), StringComparison.Ordinal);
        await using (var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel))
        {
            await talk.SayAsync("XYZZY", "500", Cancel);
            await talk.SayAsync("XYZZY", "500", Cancel);
            Assert.StartsWith("421 4.7.0", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        }

        Assert.Contains("limit=errors value=2", await relay.Log.NextAsync("limit-reached", Cancel), StringComparison.Ordinal);
    }

    [Fact] // nobody fills the log by knocking: each client has so many lines, and a count of what is missing
    public async Task Refusals_OfOneClient_WriteABoundedNumberOfLines()
    {
        var clock = new ManualClock();
        await using var relay = await _lab.StartRelayAsync(clock, ("Relay:TrustedNetworks:0", "192.0.2.0/24"));
        for (var session = 0; session < 20; session++)
        {
            await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
            await talk.SayAsync("MAIL FROM:<x@evil.test>", "250", Cancel);
            for (var i = 0; i < 20; i++)
            {
                await talk.SayAsync($"RCPT TO:<u{i}@one.test>", "550 5.7.1", Cancel);
            }

            Assert.StartsWith("421 4.7.0", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        }

        Assert.InRange(relay.Log.Text.Split('\n').Count(line => line.Contains("client=127.0.0.1", StringComparison.Ordinal)), 90, 101);
        clock.Advance(TimeSpan.FromMinutes(1));
        await using var last = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await last.SayAsync("MAIL FROM:<x@evil.test>", "250", Cancel);
        await last.SayAsync("RCPT TO:<u@one.test>", "550 5.7.1", Cancel);
        Assert.Matches("client=127.0.0.1 lines=3[0-9][0-9]$", await relay.Log.NextAsync("log-suppressed", Cancel));
    }

    [Theory] // a client that never reads its replies: its session ends, and so does its connection
    [InlineData(false)]
    [InlineData(true)]
    public async Task Client_ThatNeverReads_IsGivenUpAndLeavesItsPlace(bool closesItsSide)
    {
        var clock = new ManualClock();
        await using var relay = await RelayUnderTest.StartAsync(
            clock,
            services => services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = Narrow),
            ("Relay:HostName", "relay.test"),
            ("Relay:DataDirectory", _lab.DataDirectory),
            ("Relay:Listeners:0:Address", "127.0.0.1:0"),
            ("Relay:MaxConnections", "2"),
            ("Dns:Servers:0", _lab.Dns.Address));
        await using var bystander = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        using var mute = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { ReceiveBufferSize = 1 };
        await mute.ConnectAsync(relay.EndPoint, Cancel);
        Assert.True(await mute.ReceiveAsync(new byte[64], Cancel) > 0);
        var flood = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("EHLO client.test\r\n", 900)));
        await mute.SendAsync(flood, Cancel);
        if (closesItsSide)
        {
            mute.Shutdown(SocketShutdown.Send);
        }

        await using (var third = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel))
        {
            Assert.StartsWith("421", await third.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        }

        // Neither the session nor, once it is over, its last replies may hold the connection.
        await PlaceIsFreeAsync(relay, bystander, clock).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Cancel);
        clock.Advance(TimeSpan.FromMinutes(1));
        await EndedAsync(mute).WaitAsync(TimeSpan.FromSeconds(60), TimeProvider.System, Cancel);
    }

    [Fact] // HARD-06: what nobody reads fills a connection's buffers, not the memory
    public async Task Client_ThatNeverReads_IsReadNoFurtherThanItsBuffersHold()
    {
        await using var relay = await RelayUnderTest.StartAsync(
            new ManualClock(),
            services => services.Configure<SocketTransportOptions>(transport => transport.CreateBoundListenSocket = Narrow),
            ("Relay:HostName", "relay.test"),
            ("Relay:DataDirectory", _lab.DataDirectory),
            ("Relay:Listeners:0:Address", "127.0.0.1:0"),
            ("Relay:Sessions:MaxCommands", "100000000"),
            ("Dns:Servers:0", _lab.Dns.Address));
        using var mute = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            ReceiveBufferSize = 1,
            SendBufferSize = 1,
        };
        await mute.ConnectAsync(relay.EndPoint, Cancel);
        Assert.True(await mute.ReceiveAsync(new byte[64], Cancel) > 0);
        var flood = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("NOOP\r\n", 1000)));
        var sent = 0;
        try
        {
            while (sent < 8 * 1024 * 1024)
            {
                sent += await mute.SendAsync(flood, Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(3), TimeProvider.System, Cancel);
            }
        }
        catch (TimeoutException)
        {
            // Nothing more is taken.
        }

        Assert.InRange(sent, 1, 512 * 1024);
        await using var bystander = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await bystander.SayAsync("NOOP", "250", Cancel);
    }

    [Fact] // HARD-15: handshakes that never come hold their minute and nobody else
    public async Task Handshakes_ThatNeverCome_AreGivenUpAndOthersAreServed()
    {
        var clock = new ManualClock();
        var (certificate, key) = (Path.Combine(_lab.DataDirectory, "tls.pem"), Path.Combine(_lab.DataDirectory, "tls.key"));
        _lab.Authority.Issue("relay.test").WritePem(certificate, key);
        await using var relay = await _lab.StartRelayAsync(
            clock,
            ("Relay:Listeners:0:Tls", "Implicit"),
            ("Relay:MaxConnectionsPerAddress", "1000"),
            ("Relay:Certificate:CertificateFile", certificate),
            ("Relay:Certificate:KeyFile", key));
        var stallers = new List<SmtpTalk>();
        for (var i = 0; i < 200; i++)
        {
            stallers.Add(await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel));
            await stallers[^1].SendRawAsync(new byte[] { 22, 3, 1 }.AsMemory(0, i % 4), Cancel);
        }

        await using (var honest = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel))
        {
            await honest.SecureAsync(Cancel);
            Assert.StartsWith("220", await honest.ReadReplyAsync(Cancel), StringComparison.Ordinal);
            await honest.SayAsync("EHLO client.test", "250", Cancel);
            await honest.SendAsync("app@corp.test", ["ann@one.test"], "Subject: a\r\n\r\nb\r\n", "250 2.0.0", Cancel);
        }

        foreach (var staller in stallers)
        {
            var ended = EndOfAsync(staller);
            while (!ended.IsCompleted)
            {
                // One that is only now being served has its minute from now.
                clock.Advance(TimeSpan.FromMinutes(1));
                await Task.WhenAny(ended, clock.TimerScheduledAsync(TimeSpan.FromMinutes(1), Cancel));
            }

            await ended;
            await staller.DisposeAsync();
        }

        await relay.Log.NextAsync("client-tls-failed", Cancel);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    // The end of a connection on which nothing was said; one with octets that were not read is reset.
    private static async Task EndOfAsync(SmtpTalk talk)
    {
        try
        {
            Assert.Empty(await talk.ReadReplyAsync(Cancel));
        }
        catch (IOException)
        {
            // Reset.
        }
    }

    // A send buffer so small that a few replies fill it.
    private static Socket Narrow(EndPoint endPoint)
    {
        var socket = SocketTransportOptions.CreateDefaultBoundListenSocket(endPoint);
        socket.SendBufferSize = 1;
        return socket;
    }

    // Time goes on until the place is free again, seen by a newcomer who is greeted.
    private static async Task PlaceIsFreeAsync(RelayUnderTest relay, SmtpTalk bystander, ManualClock clock)
    {
        while (true)
        {
            clock.Advance(TimeSpan.FromMinutes(1));
            await bystander.SayAsync("NOOP", "250", Cancel);
            await using var newcomer = await SmtpTalk.ConnectAsync(relay.EndPoint, Cancel);
            if ((await newcomer.ReadReplyAsync(Cancel)).StartsWith("220", StringComparison.Ordinal))
            {
                return;
            }
        }
    }

    // What is left in our buffer is read, then comes the end, or the reset of a connection that is aborted with octets in it.
    private static async Task EndedAsync(Socket mute)
    {
        var octets = new byte[4096];
        try
        {
            while (await mute.ReceiveAsync(octets, Cancel) > 0)
            {
            }
        }
        catch (SocketException)
        {
            // Reset.
        }
    }
}
