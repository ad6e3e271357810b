using System.Net.Security;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Https;
using Relay.Tls;

namespace Relay.TlsRpt.Sending;

/// <summary>The ways by which reports leave.</summary>
internal static class ReportTransports
{
    /// <summary>Registers <see cref="IReportPoster"/> and <see cref="ReportMailComposer"/>. Mail itself is the program's: an <see cref="IReportMailer"/>.</summary>
    public static IServiceCollection AddReportTransports(this IServiceCollection services)
    {
        services.AddHttps();
        services.AddSingleton<IValidateOptions<TlsRptOptions>, DkimOptionsValidator>();
        services.AddSingleton<ReportMailComposer>();
        services.AddSingleton(Certificates);
        services.TryAddSingleton<IReportPoster, ReportPoster>();
        AddClient(services, ReportPoster.VerifyingClient, static certificates => certificates.Accept);
#pragma warning disable CA5359 // RFC 8460 §3: used only after the verifying client failed; what it let pass is logged.
        AddClient(services, ReportPoster.UnverifyingClient, static certificates => certificates.AcceptAny);
#pragma warning restore CA5359
        return services;
    }

    // One set of roots for the web unless told otherwise: the key of policy hosts is the older one.
    private static EndpointCertificates Certificates(IServiceProvider provider) => new(
        new WebPkiVerifier(
            TrustedRoots.Read(
                provider.GetRequiredService<IOptions<TlsRptOptions>>().Value.TrustedRootsFile
                    ?? provider.GetService<IConfiguration>()?["MtaSts:TrustedRootsFile"]),
            provider.GetRequiredService<TimeProvider>()),
        provider.GetRequiredService<ILogger<EndpointCertificates>>());

    private static void AddClient(
        IServiceCollection services, string name, Func<EndpointCertificates, RemoteCertificateValidationCallback> judge) =>
        services.AddHttpClient(name)
            .ConfigureHttpClient(WebHandler.Configure)
            .ConfigurePrimaryHttpMessageHandler(provider =>
            {
                var certificates = provider.GetRequiredService<EndpointCertificates>();
                return WebHandler.Create(provider.GetRequiredService<HappyEyeballs>(), certificates.ChainPolicy(), judge(certificates));
            })
            .RemoveAllLoggers();
}
