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
using Relay.TlsRpt;

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
        (TlsRptOptions.Section, typeof(TlsRptOptions)),
        (AdminOptions.Section, typeof(AdminOptions)),
        (LogOptions.Section, typeof(LogOptions)),
    ]);

    /// <summary>
    /// Unknown keys and values of the wrong form, each with key, value and remedy. Comes before anything reads the
    /// configuration, for what reads a value of the wrong form throws.
    /// </summary>
    public static IReadOnlyList<string> CheckForm(IConfiguration configuration) => Schema.Check(configuration);

    /// <summary>What the parts themselves object to, once the form is right.</summary>
    public static IReadOnlyList<string> CheckValues(IServiceProvider services)
    {
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
