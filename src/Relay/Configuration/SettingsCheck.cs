using System.Reflection;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Relay.Configuration;

/// <summary>All that can be known to be wrong with a configuration before the relay runs on it.</summary>
internal static class SettingsCheck
{
    /// <summary>
    /// Unknown keys and values of the wrong form, each with key, value and remedy. Comes before anything reads the
    /// configuration, for what reads a value of the wrong form throws.
    /// </summary>
    /// <param name="services">The parts; each registered the options that it reads.</param>
    /// <param name="configuration">What was given.</param>
    public static IReadOnlyList<string> CheckForm(IServiceCollection services, IConfiguration configuration) =>
        new SettingsSchema([.. services.Select(SectionOf).OfType<(string, Type)>().Distinct()]).Check(configuration);

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

    // Options of ours name their section in a constant; whoever binds them registers how they are configured.
    private static (string Section, Type Options)? SectionOf(ServiceDescriptor service)
    {
        if (!service.ServiceType.IsGenericType || service.ServiceType.GetGenericTypeDefinition() != typeof(IConfigureOptions<>))
        {
            return null;
        }

        var options = service.ServiceType.GetGenericArguments()[0];
        return options.GetField("Section", BindingFlags.Public | BindingFlags.Static)?.GetRawConstantValue() is string section
            ? (section, options)
            : null;
    }
}
