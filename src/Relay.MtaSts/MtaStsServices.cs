using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.Https;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Enforcement;
using Relay.MtaSts.Stores;
using Relay.Tls;

namespace Relay.MtaSts;

/// <summary>Puts MTA-STS into a program.</summary>
public static class MtaStsServices
{
    private const string DataDirectoryKey = "Relay:DataDirectory";
    private const string DefaultDataDirectory = "data";
    private const string FileName = "policies.db";
    private const string KnownExtension = "known";

    /// <summary>
    /// Registers the policy cache (<see cref="IPolicyCache"/>), its background refresh, the certificate verifier, and the
    /// delivery middleware; binds <see cref="MtaStsOptions"/>. Needs an <c>IDnsResolver</c>, and a <see cref="TimeProvider"/> if
    /// it is not to be the system's. Policies are kept in <c>policies.db</c> below <c>Relay:DataDirectory</c>, the names of their domains
    /// in <c>policies.known</c> too.
    /// </summary>
    public static IServiceCollection AddMtaSts(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<MtaStsOptions>().Bind(configuration.GetSection(MtaStsOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<MtaStsOptions>, MtaStsOptionsValidator>();
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<PolicyClock>();
        services.AddSingleton<StsMetrics>();
        services.TryAddSingleton<TlsReportSink>();
        AddDiscovery(services);
        AddCache(services, FileIn(configuration));
        services.AddSingleton(provider => new DomainOverrides(provider.GetRequiredService<PolicyClock>()));
        services.AddSingleton<PolicyEvaluation>();
        services.AddSingleton<IDeliveryMiddleware, MtaStsMiddleware>();
        services.AddSingleton<IDeliveryMiddleware, DnsDoubts>();
        return services;
    }

    /// <summary>
    /// After <see cref="AddMtaSts"/>: policies are read from the store and nothing is written to it, nor is it created; for
    /// programs that look at what a relay remembers.
    /// </summary>
    public static IServiceCollection ReadPoliciesOnly(this IServiceCollection services)
    {
        services.RemoveAll<IPolicyStore>();
        services.RemoveAll<PolicyDatabase>();
        services.RemoveAll<KnownPolicies>();
        services.AddSingleton<IPolicyStore>(provider => new ReadingPolicyStore(
            provider.GetRequiredService<GuardedPolicyStore>(),
            FileIn(provider.GetRequiredService<IConfiguration>()),
            provider.GetRequiredService<KnownPolicies>()));
        services.AddSingleton(provider => Database(provider, FileIn(provider.GetRequiredService<IConfiguration>()), isReadOnly: true));
        services.AddSingleton(provider => Known(FileIn(provider.GetRequiredService<IConfiguration>()), isReadOnly: true));
        return services;
    }

    private static string FileIn(IConfiguration configuration) =>
        Path.Combine(configuration[DataDirectoryKey] ?? DefaultDataDirectory, FileName);

    private static void AddDiscovery(IServiceCollection services)
    {
        services.AddSingleton<StsRecordLookup>();
        services.AddSingleton(provider => new WebPkiVerifier(
            TrustedRoots.Read(provider.GetRequiredService<PolicyClock>().Options.TrustedRootsFile), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<PolicyHostCertificates>();
        services.AddHttps();
        services.AddSingleton<IPolicyFetcher, PolicyFetcher>();
        services.AddSingleton<FetchQueue>();
        PolicyHttp.Add(services);
    }

    private static void AddCache(IServiceCollection services, string file)
    {
        services.AddSingleton(provider => Database(provider, file, isReadOnly: false));
        services.AddSingleton(_ => Known(file, isReadOnly: false));
        services.AddSingleton<CountedTime>();
        services.AddSingleton<SqlitePolicyStore>();
        services.AddSingleton<GuardedPolicyStore>();
        services.AddSingleton<IPolicyStore>(provider => provider.GetRequiredService<GuardedPolicyStore>());
        services.AddSingleton<IHostedService, PolicyStoreStart>();
        services.AddSingleton<ResilientPolicyStore>();
        services.AddSingleton<PolicyEvents>();
        services.AddSingleton<DomainMemory>();
        services.AddSingleton<PolicyFetching>();
        services.AddSingleton<PolicyUpdater>();
        services.AddSingleton<IPolicyCache, PolicyCache>();
        services.AddSingleton<PolicyRefresher>();
        services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<PolicyRefresher>());
    }

    private static PolicyDatabase Database(IServiceProvider provider, string file, bool isReadOnly) => new(
        file, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<PolicyDatabase>>())
    { IsReadOnly = isReadOnly };

    private static KnownPolicies Known(string file, bool isReadOnly) =>
        new(Path.ChangeExtension(file, KnownExtension)) { IsReadOnly = isReadOnly };
}
