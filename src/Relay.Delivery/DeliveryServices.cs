using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;
using Relay.Delivery.Addressing;
using Relay.Delivery.Observations;
using Relay.Delivery.Pipeline;
using Relay.Delivery.Probing;
using Relay.Delivery.Routing;
using Relay.Delivery.Transport;
using Relay.Dns;

namespace Relay.Delivery;

/// <summary>Registers the way out.</summary>
public static class DeliveryServices
{
    /// <summary>
    /// Adds <see cref="IRouter"/>, <see cref="IDestinationCheck"/> (where DNS has a cache), <see cref="IDeliveryPipeline"/> and <see cref="IMxProbe"/>. Needs a <see cref="DeliveryIdentity"/>, a
    /// <see cref="Dns.IDnsResolver"/> and a <see cref="TimeProvider"/>; takes every <see cref="IDeliveryMiddleware"/>, each
    /// in its stage.
    /// </summary>
    public static IServiceCollection AddDelivery(this IServiceCollection services)
    {
        services.AddOptions<DeliveryOptions>().BindConfiguration(DeliveryOptions.Section).ValidateOnStart();
        services.AddOptions<RoutingOptions>().BindConfiguration(RoutingOptions.Section).ValidateOnStart();
        services.TryAddSingleton<IValidateOptions<DeliveryOptions>, DeliveryOptionsValidator>();
        services.TryAddSingleton<IValidateOptions<RoutingOptions>, RoutingOptionsValidator>();
        services.TryAddSingleton<RouteTable>();
        services.TryAddSingleton<IFixedRoutes>(provider => provider.GetRequiredService<RouteTable>());
        services.TryAddSingleton<TlsReportSink>();
        services.TryAddSingleton<IRouter, Router>();
        services.TryAddSingleton<IDestinationCheck, DestinationCheck>();
        services.TryAddSingleton<AddressScope>();
        services.TryAddSingleton<TargetFilter>();
        services.TryAddSingleton<AddressLookup>();
        services.TryAddSingleton<Dialer>();
        services.TryAddSingleton<TlsClientPolicy>();
        services.TryAddSingleton<SessionOpener>();
        services.TryAddSingleton<TlsFallback>();
        services.TryAddSingleton<ConnectionOpener>();
        services.TryAddSingleton<IMxProbe, MxProbe>();
        services.TryAddSingleton<ConnectionPool>();
        services.TryAddSingleton<SmtpTransport>();
        services.TryAddSingleton<IDeliveryPipeline, DeliveryPipeline>();
        return services;
    }
}
