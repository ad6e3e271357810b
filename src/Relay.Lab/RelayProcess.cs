using System.Diagnostics;
using System.Net;
using System.Text.Json;
using Relay.Lab.Processes;

namespace Relay.Lab;

/// <summary>
/// One life of the real program, started from the executable that the build put beside the tests (the test project
/// references <c>src/Relay</c>). Start it again with the same directory and settings to see what survived.
/// </summary>
public sealed class RelayProcess : IAsyncDisposable
{
    private static int _lives;

    private RelayProcess(LabProcess process, IPEndPoint endPoint) => (Process, EndPoint) = (process, endPoint);

    /// <summary>The process: its log, its end, what it uses.</summary>
    public LabProcess Process { get; }

    /// <summary>Its first listener.</summary>
    public IPEndPoint EndPoint { get; }

    /// <summary>
    /// Settings for a relay in the lab, by configuration key; change or add as the test needs. The listener gets a port
    /// of its own that stays the same over restarts.
    /// </summary>
    /// <param name="directory">A directory of the test's; the relay's data come below it.</param>
    /// <param name="dnsServer">The lab's name server, as <c>address:port</c>.</param>
    /// <param name="mxPort">The port of all MX hosts.</param>
    public static Dictionary<string, string> LabSettings(string directory, string dnsServer, int mxPort) => new()
    {
        ["Relay:HostName"] = "relay.client.test",
        ["Relay:DataDirectory"] = Path.Combine(directory, "data"),
        ["Relay:Listeners:0:Address"] = $"127.0.0.1:{LoopbackPort.Take()}",
        ["Relay:Listeners:0:Tls"] = "None",
        ["Dns:Servers:0"] = dnsServer,
        ["Delivery:Port"] = $"{mxPort}",
        ["Delivery:AllowLoopback"] = "true",
    };

    /// <summary>
    /// Starts the program and waits for its <c>started</c> line. Throws, with its log, when it does not come up.
    /// </summary>
    public static Task<RelayProcess> StartAsync(
        string directory, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken) =>
        StartAsync(directory, settings, new Dictionary<string, string>(), cancellationToken);

    /// <summary>As above, with more in the environment.</summary>
    public static async Task<RelayProcess> StartAsync(
        string directory, IReadOnlyDictionary<string, string> settings, IReadOnlyDictionary<string, string> environment,
        CancellationToken cancellationToken)
    {
        var configuration = Path.Combine(directory, "relay.json");
        await File.WriteAllTextAsync(configuration, JsonSerializer.Serialize(settings), cancellationToken);
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "relay"), ["run", "--config", configuration])
        {
            WorkingDirectory = directory,
        };
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var process = LabProcess.Start(
            start, Path.Combine(directory, $"relay-{Interlocked.Increment(ref _lives)}.log"));
        try
        {
            await process.WaitForLineAsync(line => IsEvent(line, "started"), cancellationToken);
            return new RelayProcess(process, IPEndPoint.Parse(settings["Relay:Listeners:0:Address"]));
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    /// <summary>Waits for a line of the delivery log: its event, and a part of it that tells it from others.</summary>
    public Task<string> WaitForEventAsync(string name, string part, CancellationToken cancellationToken) =>
        Process.WaitForLineAsync(
            line => IsEvent(line, name) && line.Contains(part, StringComparison.Ordinal), cancellationToken);

    /// <summary>The lines of the delivery log with this event.</summary>
    public IReadOnlyList<string> Events(string name) => [.. Process.Log.Lines.Where(line => IsEvent(line, name))];

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Process.DisposeAsync();

    // 2026-11-22T07:40:12.345Z INF delivered queue=…
    private static bool IsEvent(string line, string name) =>
        line.Split(' ', 4) is [_, { Length: 3 }, var word, ..] && word == name;
}
