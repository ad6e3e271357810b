using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Admin;
using Relay.Delivery;
using Relay.Delivery.Routing;
using Relay.Dns;
using Relay.Logging;
using Relay.MtaSts;
using Relay.Queue;
using Relay.Queue.Storage;

namespace Relay.Configuration;

/// <summary>All that can be known to be wrong with a configuration before the relay runs on it.</summary>
internal static class SettingsCheck
{
    private static readonly SettingsSchema Schema = new(
    [
        (RelayOptions.Section, typeof(RelayOptions)),
        (RoutingOptions.Section, typeof(RoutingOptions)),
        (QueueOptions.Section, typeof(QueueOptions)),
        (StoreOptions.Section, typeof(StoreOptions)),
        (DnsOptions.Section, typeof(DnsOptions)),
        (DeliveryOptions.Section, typeof(DeliveryOptions)),
        (MtaStsOptions.Section, typeof(MtaStsOptions)),
        (AdminOptions.Section, typeof(AdminOptions)),
        (LogOptions.Section, typeof(LogOptions)),
    ]);

    /// <summary>
    /// Every fault, each naming key, value and remedy: first unknown keys and values of the wrong form, and when there
    /// are none of these, what the parts themselves object to.
    /// </summary>
    public static IReadOnlyList<string> Check(IConfiguration configuration, IServiceProvider services)
    {
        var faults = Schema.Check(configuration);
        if (faults.Count > 0)
        {
            return faults;
        }

        try
        {
            services.GetRequiredService<IStartupValidator>().Validate();
            return [];
        }
        catch (OptionsValidationException fault)
        {
            return [.. fault.Failures];
        }
        catch (AggregateException fault) when (fault.InnerExceptions.All(inner => inner is OptionsValidationException))
        {
            return [.. fault.InnerExceptions.Cast<OptionsValidationException>().SelectMany(inner => inner.Failures)];
        }
    }
}
