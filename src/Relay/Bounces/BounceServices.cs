using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Bounces;

/// <summary>Registers what writes notifications.</summary>
internal static class BounceServices
{
    /// <summary>Adds <see cref="Notifier"/>; needs <see cref="RelayOptions"/>.</summary>
    public static IServiceCollection AddBounces(this IServiceCollection services)
    {
        services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<RelayOptions>>().Value;
            return new NotificationMessage(options.HostName, PostmasterAddress.From(options));
        });
        services.AddSingleton<Notifier>();
        return services;
    }
}
