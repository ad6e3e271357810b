using System.Net.Sockets;
using System.Text;
using Relay.Lab;

namespace Relay.Tests.EndToEnd;

/// <summary>HARD-10: a browser, or a server that fetches URIs, on a machine that the relay trusts.</summary>
public sealed class ForeignClientTests : IAsyncLifetime
{
    // As `curl --http0.9 -H 'Content-Type: text/plain' --data-binary` sends it.
    private const string Body =
        "EHLO x.test\r\nMAIL FROM:<ceo@corp.test>\r\nRCPT TO:<ann@one.test>\r\nDATA\r\nSubject: x\r\n\r\nforged\r\n.\r\nQUIT\r\n";

    private const string Request =
        "POST / HTTP/1.1\r\nHost: 127.0.0.1:2525\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nContent-Type: text/plain\r\nContent-Length: 130\r\n\r\n";

    private readonly LabInternet _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // at once, behind the greeting, and with its body behind the replies to its header
    public async Task HttpRequest_AtAnyMoment_IsNeverQueuedAndCannotFillTheLog()
    {
        await using var relay = await _lab.StartRelayAsync(new ManualClock());
        for (var i = 0; i < 120; i++)
        {
            using var client = new TcpClient();
            await client.ConnectAsync(relay.EndPoint, Cancel);
            await TalkAsync(client.GetStream(), i % 4);
        }

        Assert.Empty(relay.Log.Of("received"));
        Assert.Equal(100, relay.Log.Of("foreign-protocol").Count(line => line.Contains(" protocol=http", StringComparison.Ordinal)));
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    private static async Task TalkAsync(NetworkStream stream, int manner)
    {
        var octets = new byte[4096];
        try
        {
            if (manner > 0)
            {
                Assert.NotEqual(0, await stream.ReadAsync(octets, Cancel));
            }

            await stream.WriteAsync(Encoding.ASCII.GetBytes(manner == 2 ? Request : Request + Body), Cancel);
            if (manner == 2)
            {
                await stream.ReadAtLeastAsync(octets, 4, throwOnEndOfStream: false, Cancel);
                await stream.WriteAsync(Encoding.ASCII.GetBytes(Body), Cancel);
            }

            while (await stream.ReadAsync(octets, Cancel) > 0)
            {
                // To the end, whatever is said.
            }
        }
        catch (IOException)
        {
            // The relay has closed the connection and takes no more.
        }
    }
}
