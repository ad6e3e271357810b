using Microsoft.Extensions.DependencyInjection;
using Relay.Queue;
using Relay.TlsRpt.Sending;

namespace Relay.ReportMail;

/// <summary>Joins reporting and the queue.</summary>
internal static class ReportMailServices
{
    /// <summary>Adds the mailer of reports; needs the queue and TLS-RPT.</summary>
    public static IServiceCollection AddReportMail(this IServiceCollection services)
    {
        services.AddSingleton<IReportMailer, QueueReportMailer>();
        services.AddSingleton<IReportOutcomeListener, ReportOutcomes>();
        return services;
    }
}
