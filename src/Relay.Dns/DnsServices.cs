using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Relay.Dns.Caching;
using Relay.Dns.Servers;

namespace Relay.Dns;

/// <summary>Registers this library.</summary>
public static class DnsServices
{
    /// <summary>
    /// Registers <see cref="IDnsResolver"/>, <see cref="IDnsCache"/> and <see cref="AddressScope"/>, and binds <see cref="DnsOptions"/> to the section <c>Dns</c>, checked when
    /// the host starts.
    /// </summary>
    public static IServiceCollection AddRelayDns(this IServiceCollection services)
    {
        services.AddOptions<DnsOptions>().BindConfiguration(DnsOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DnsOptions>, DnsOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<AddressScope>();
        services.AddSingleton<SystemServers>();
        services.AddSingleton<ServerList>();
        services.AddSingleton<AnswerCache>();
        services.AddSingleton<IDnsCache>(provider => provider.GetRequiredService<AnswerCache>());
        services.AddSingleton<Lookup>();
        services.AddSingleton<IDnsResolver, DnsResolver>();
        return services;
    }
}
