using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.MtaSts.Cache;
using Relay.TlsRpt;

namespace Relay.Admin;

/// <summary>Registers the admin socket and what is answered on it.</summary>
internal static class AdminServices
{
    public static IServiceCollection AddAdmin(this IServiceCollection services)
    {
        services.AddRoutingCore();
        services.AddSingleton<IValidateOptions<AdminOptions>, AdminOptionsValidator>();
        services.AddOptions<AdminOptions>().BindConfiguration(AdminOptions.Section).ValidateOnStart();
        services.AddSingleton<StsDecisions>();
        services.AddSingleton<AdminSocket>();
        services.AddSingleton<IConfigureOptions<KestrelServerOptions>>(p => p.GetRequiredService<AdminSocket>());
        services.AddSingleton<IConfigureOptions<SocketTransportOptions>>(p => p.GetRequiredService<AdminSocket>());
        services.ConfigureHttpJsonOptions(options => AdminJson.Configure(options.SerializerOptions));
        return services;
    }

    /// <summary>Maps what the commands ask and do.</summary>
    public static void MapAdmin(this WebApplication application)
    {
        application.MapQueue();
        var parts = application.Services.GetRequiredService<IServiceProviderIsService>();
        if (parts.IsService(typeof(IPolicyCache)))
        {
            application.MapStsPolicies();
        }

        if (parts.IsService(typeof(TlsReports)))
        {
            application.MapReports();
        }
    }
}
