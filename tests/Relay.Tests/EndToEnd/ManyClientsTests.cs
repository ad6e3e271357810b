using System.Diagnostics;
using System.Net.Sockets;
using Relay.Lab;
using Relay.Lab.Dns;

namespace Relay.Tests.EndToEnd;

/// <summary>The real program with more idle clients than it will ever have honest ones.</summary>
public sealed class ManyClientsTests : IDisposable
{
    private const int Clients = 5000;
    private const int MostOctetsForAClient = 64 * 1024;

    private readonly string _directory = Directory.CreateTempSubdirectory("relay-many").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // HARD-15, RFC 5321 §4.5.3.2.7: five thousand who say nothing cost little memory, and nobody else his service
    public async Task Connections_FiveThousandIdle_CostLittleAndAnHonestClientIsServed()
    {
        Assert.SkipUnless(await MostFilesAsync() > Clients + 1000, "the system allows too few open files");
        await using var dns = LabDnsServer.Start();
        var settings = RelayProcess.LabSettings(_directory, dns.Address, 9);
        settings["Relay:MaxConnections"] = $"{Clients + 10}";
        settings["Relay:MaxConnectionsPerAddress"] = $"{Clients + 10}";
        settings["Relay:MaxConnectionsPerNetwork"] = $"{Clients + 10}";
        await using var relay = await RelayProcess.StartAsync(_directory, settings, Cancel);
        await SendAsync(relay, 20);
        var before = MemoryOf(relay);
        var idle = new List<Socket>(Clients);
        try
        {
            while (idle.Count < Clients)
            {
                idle.AddRange(await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ConnectAsync(relay))));
            }

            await SendAsync(relay, 20);
            var each = (MemoryOf(relay) - before) / Clients;
            TestContext.Current.TestOutputHelper?.WriteLine($"{each} octets for an idle client");
            Assert.InRange(each, 0, MostOctetsForAClient);
            await Poll.UntilAsync(() => relay.Events("received").Count == 40, Cancel);
            Assert.Empty(relay.Events("connection-refused"));
        }
        finally
        {
            idle.ForEach(socket => socket.Dispose());
        }

        await SendAsync(relay, 1);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    // Greeted, and then silent.
    private static async Task<Socket> ConnectAsync(RelayProcess relay)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(relay.EndPoint, Cancel);
        Assert.True(await socket.ReceiveAsync(new byte[128], Cancel) > 0);
        return socket;
    }

    private static async Task SendAsync(RelayProcess relay, int messages)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        for (var i = 0; i < messages; i++)
        {
            await talk.SendAsync("app@corp.test", ["ann@nowhere.test"], "Subject: a\r\n\r\nb\r\n", "250 2.0.0", Cancel);
        }
    }

    private static long MemoryOf(RelayProcess relay)
    {
        using var process = Process.GetProcessById(relay.Process.Id);
        return process.WorkingSet64;
    }

    private static async Task<int> MostFilesAsync()
    {
        foreach (var line in File.Exists("/proc/self/limits") ? await File.ReadAllLinesAsync("/proc/self/limits", Cancel) : [])
        {
            if (line.StartsWith("Max open files", StringComparison.Ordinal))
            {
                var hard = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[4];
                return int.TryParse(hard, out var most) ? most : int.MaxValue;
            }
        }

        return 0;
    }
}
