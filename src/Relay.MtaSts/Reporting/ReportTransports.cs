using System.Net.Security;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.MtaSts.Reporting.Https;
using Relay.MtaSts.Reporting.Mail;
using Relay.MtaSts.Web;

namespace Relay.MtaSts.Reporting;

/// <summary>The ways by which reports leave.</summary>
internal static class ReportTransports
{
    /// <summary>Registers <see cref="IReportPoster"/> and <see cref="ReportMail"/>. Mail itself is the program's: an <see cref="IReportMailer"/>.</summary>
    public static IServiceCollection AddReportTransports(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<TlsRptOptions>().Bind(configuration.GetSection(TlsRptOptions.Section)).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TlsRptOptions>, DkimOptionsValidator>();
        services.AddSingleton<ReportMail>();
        services.AddSingleton<EndpointCertificates>();
        services.AddSingleton<IReportPoster, ReportPoster>();
        AddClient(services, ReportPoster.VerifyingClient, static certificates => certificates.Accept);
#pragma warning disable CA5359 // RFC 8460 §3: used only after the verifying client failed; what it let pass is logged.
        AddClient(services, ReportPoster.UnverifyingClient, static certificates => certificates.AcceptAny);
#pragma warning restore CA5359
        return services;
    }

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
