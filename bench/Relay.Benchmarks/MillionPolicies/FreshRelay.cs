using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Relay.Hosting;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;

namespace Relay.Benchmarks.MillionPolicies;

/// <summary>The whole relay, started in a process of its own on a store that was there before; measures itself.</summary>
internal static class FreshRelay
{
    public const string Command = "million-policies-relay";

    /// <summary>More than the cache's memory holds.</summary>
    public const int DomainsMailed = 100_000;

    private const int Concurrency = 64;
    private const long MaxMemory = 300_000_000;
    private static readonly TimeSpan MaxStart = TimeSpan.FromSeconds(1);

    public static async Task<int> RunAsync(string directory, string dnsServer)
    {
        using var self = Process.GetCurrentProcess();
        var file = Path.Combine(directory, "relay.json");
        await File.WriteAllTextAsync(file, "{}");
        var faults = new List<string>();
        await using var relay = RelayApplication.Build(
            file,
            [
                "--Relay:HostName=relay.test", $"--Relay:DataDirectory={directory}", "--Relay:Listeners:0:Address=127.0.0.1:0",
                $"--Dns:Servers:0={dnsServer}", "--Logging:Level=Error",
            ],
            faults) ?? throw new InvalidOperationException(string.Join('\n', faults));
        await relay.StartAsync();
        var cache = relay.Services.GetRequiredService<IPolicyCache>();
        await DecideAsync(cache, DomainsMailed / 2, CancellationToken.None);
        var start = TimeProvider.System.GetUtcNow() - new DateTimeOffset(self.StartTime);
        Console.WriteLine($"start of the process to the first decision: {start.TotalMilliseconds:0} ms; memory {Memory(self)} MB");

        var begun = TimeProvider.System.GetTimestamp();
        await Parallel.ForAsync(
            0, DomainsMailed, new ParallelOptions { MaxDegreeOfParallelism = Concurrency }, (number, token) => DecideAsync(cache, number, token));
        Console.WriteLine(
            $"decisions for {DomainsMailed:N0} domains, each for the first time: {TimeProvider.System.GetElapsedTime(begun).TotalSeconds:0.0} s; memory {Memory(self)} MB, at most {self.PeakWorkingSet64 / 1_000_000} MB");
        await relay.StopAsync();
        return start < MaxStart && self.PeakWorkingSet64 < MaxMemory ? 0 : 1;
    }

    private static async ValueTask DecideAsync(IPolicyCache cache, int number, CancellationToken cancellationToken)
    {
        var domain = Names.Of(PolicyFile.NameOf(number));
        if ((await cache.GetAsync(domain, cancellationToken)).Mode != PolicyMode.Enforce)
        {
            throw new InvalidOperationException($"No policy for {domain}.");
        }
    }

    private static long Memory(Process process)
    {
        process.Refresh();
        return process.WorkingSet64 / 1_000_000;
    }
}
