using Microsoft.Extensions.DependencyInjection;

namespace Relay.Diagnosis;

/// <summary>Registers the check of a domain's inbound TLS.</summary>
public static class DiagnosisServices
{
    /// <summary>Adds <see cref="DomainCheck"/>; needs what <c>AddDelivery</c>, <c>AddMtaSts</c> and <c>AddTlsRpt</c> register.</summary>
    public static IServiceCollection AddDiagnosis(this IServiceCollection services)
    {
        services.AddSingleton<RecordCheck>();
        services.AddSingleton<PolicyHostCheck>();
        services.AddSingleton<HostCheck>();
        services.AddSingleton<TlsReportingCheck>();
        services.AddSingleton(provider => new DomainCheck(
            provider.GetRequiredService<RecordCheck>(),
            provider.GetRequiredService<PolicyHostCheck>(),
            provider.GetRequiredService<Delivery.Routing.IRouter>(),
            provider.GetRequiredService<HostCheck>(),
            provider.GetRequiredService<TlsReportingCheck>()));
        return services;
    }
}
