using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Relay.Benchmarks;
using Relay.Benchmarks.DayOfSessions;
using Relay.Benchmarks.MillionPolicies;

if (args is [MillionPoliciesRun.Command, ..])
{
    return await MillionPoliciesRun.RunAsync();
}

if (args is [DayOfSessionsRun.Command])
{
    return await DayOfSessionsRun.RunAsync();
}

if (args is [FreshRelay.Command, var directory, var dnsServer])
{
    return await FreshRelay.RunAsync(directory, dnsServer);
}

// In this process: a generated project would inherit the settings of this tree, which its code does not keep.
BenchmarkSwitcher.FromAssembly(typeof(CachedDecisionBenchmarks).Assembly).Run(
    args,
    DefaultConfig.Instance.AddJob(
        Job.Default.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(5).WithIterationCount(10)));
return 0;
