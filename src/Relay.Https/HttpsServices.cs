using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Relay.Dns;

namespace Relay.Https;

/// <summary>Registers what every HTTPS client of the relay stands on.</summary>
public static class HttpsServices
{
    /// <summary>Adds <see cref="WebHostResolver"/> and <see cref="HappyEyeballs"/>; needs an <c>IDnsResolver</c>. May be called twice.</summary>
    public static IServiceCollection AddHttps(this IServiceCollection services)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<AddressScope>();
        services.TryAddSingleton<WebHostResolver>();
        services.TryAddSingleton<HappyEyeballs>();
        return services;
    }
}
