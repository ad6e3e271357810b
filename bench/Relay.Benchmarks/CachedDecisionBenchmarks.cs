using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Relay.Dns;
using Relay.Mail;
using Relay.MtaSts;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Stores;

namespace Relay.Benchmarks;

/// <summary>
/// What every message pays for MTA-STS. Promise: at most 200 ns, and no allocation.
/// </summary>
[MemoryDiagnoser]
public class CachedDecisionBenchmarks
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-bench-").FullName;
    private ServiceProvider _services = null!;
    private IPolicyCache _cache = null!;
    private readonly DomainName _domain = Names.Of("example.com");

    [GlobalSetup]
    public async Task FillAsync()
    {
        var configuration = new ConfigurationBuilder().AddInMemoryCollection([new("Relay:DataDirectory", _directory)]).Build();
        _services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<IDnsResolver>(new SameRecordResolver())
            .AddMtaSts(configuration)
            .BuildServiceProvider();
        _cache = _services.GetRequiredService<IPolicyCache>();
        var now = TimeProvider.System.GetUtcNow();
        var policy = ((PolicyReading.Valid)StsPolicy.Parse(PolicyBenchmarks.FiveLines)).Policy;
        await _services.GetRequiredService<IPolicyStore>().SaveAsync(
            new StoredPolicy(new CachedPolicy(_domain, SameRecordResolver.Id, policy, now), now.AddDays(1), now), CancellationToken.None);
        if ((await _cache.GetAsync(_domain, CancellationToken.None)).Mode != PolicyMode.Enforce)
        {
            throw new InvalidOperationException("The policy is not in force; nothing worth measuring.");
        }
    }

    [Benchmark]
    public PolicyMode CachedDecision()
    {
        var decision = _cache.GetAsync(_domain, CancellationToken.None);
        return decision.IsCompletedSuccessfully ? decision.Result.Mode : throw new InvalidOperationException("Not a hit.");
    }

    [GlobalCleanup]
    public async Task CleanAsync()
    {
        await _services.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}
