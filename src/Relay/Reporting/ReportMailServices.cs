using Microsoft.Extensions.DependencyInjection;
using Relay.MtaSts.Reporting;
using Relay.Queue;

namespace Relay.Reporting;

/// <summary>Joins reporting and the queue.</summary>
internal static class ReportMailServices
{
    /// <summary>Adds the mailer of reports; needs the queue and MTA-STS.</summary>
    public static IServiceCollection AddReportMail(this IServiceCollection services)
    {
        services.AddSingleton<IReportMailer, QueueReportMailer>();
        services.AddSingleton<IReportOutcomeListener, ReportOutcomes>();
        return services;
    }
}
