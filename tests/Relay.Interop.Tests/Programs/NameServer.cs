using System.Diagnostics;
using System.Globalization;
using Relay.Lab.Processes;

namespace Relay.Interop.Tests.Programs;

/// <summary>An NSD of our own, authoritative for the zone <c>test</c>.</summary>
internal sealed class NameServer : IAsyncDisposable
{
    private readonly LabProcess _process;

    private NameServer(LabProcess process, int port)
    {
        _process = process;
        Port = port;
    }

    /// <summary>Its port on 127.0.0.1, UDP and TCP.</summary>
    public int Port { get; }

    /// <summary>The address as <c>Dns:Servers</c> takes it.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="directory">A new directory of its own.</param>
    /// <param name="records">Lines of the zone file below <c>test</c>; SOA and NS are there already.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<NameServer> StartAsync(string directory, string records, CancellationToken cancellationToken)
    {
        var port = LoopbackPort.Take();
        Directory.CreateDirectory(directory);
        await File.WriteAllTextAsync(Path.Combine(directory, "test.zone"), ZoneHead + records + "\n", cancellationToken);
        var configuration = Path.Combine(directory, "nsd.conf");
        await File.WriteAllTextAsync(configuration, Settings(directory, port), cancellationToken);
        var start = new ProcessStartInfo(DebianProgram.Nsd.Path, ["-d", "-c", configuration]);
        var process = LabProcess.Start(start, Path.Combine(directory, "nsd.log"));
        try
        {
            await process.WaitForLineAsync(line => line.Contains("nsd started", StringComparison.Ordinal), cancellationToken);
            return new NameServer(process, port);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();

    private const string ZoneHead = """
        $ORIGIN test.
        $TTL 300
        @ SOA ns hostmaster 1 3600 900 86400 60
        @ NS ns
        ns A 127.0.0.1

        """;

    private static string Settings(string directory, int port) => string.Create(CultureInfo.InvariantCulture, $"""
        server:
          ip-address: 127.0.0.1@{port}
          server-count: 1
          username: ""
          chroot: ""
          database: ""
          zonesdir: "{directory}"
          zonelistfile: "{directory}/zone.list"
          xfrdfile: "{directory}/xfrd.state"
          xfrdir: "{directory}"
          pidfile: "{directory}/nsd.pid"
          cookie-secret-file: "{directory}/cookies"
          verbosity: 1
        remote-control:
          control-enable: no
        zone:
          name: "test"
          zonefile: "test.zone"

        """);
}
