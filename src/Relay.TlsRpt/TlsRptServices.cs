using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Outbox;
using Relay.TlsRpt.Records;
using Relay.TlsRpt.Sending;

namespace Relay.TlsRpt;

/// <summary>Puts TLS reports into a program.</summary>
public static class TlsRptServices
{
    private const string FileName = "reports.db";

    /// <summary>
    /// Registers the counting of sessions, the making and sending of reports, and <see cref="TlsReports"/>; binds
    /// <see cref="TlsRptOptions"/>. Needs an <c>IDnsResolver</c>, a <c>DeliveryIdentity</c>, and to mail anything an
    /// <see cref="IReportMailer"/>. Counts and reports are kept in <c>reports.db</c> below <c>Relay:DataDirectory</c>. With
    /// <c>TlsRpt:Enabled</c> false nothing is counted or sent; what is kept can be looked at.
    /// </summary>
    public static IServiceCollection AddTlsRpt(this IServiceCollection services, IConfiguration configuration)
    {
        var section = configuration.GetSection(TlsRptOptions.Section);
        services.AddOptions<TlsRptOptions>().Bind(section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<TlsRptOptions>, TlsRptOptionsValidator>();
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        var file = Path.Combine(configuration["Relay:DataDirectory"] ?? "data", FileName);
        services.AddSingleton(provider => new ReportDatabase(
            file, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<ReportDatabase>>()));
        services.TryAddSingleton<TlsReportSink>();
        services.AddReportTransports();
        services.AddSingleton<ReportIdentity>();
        services.AddSingleton<ReportQueries>();
        services.AddSingleton<ReportOutbox>();
        services.AddSingleton<TlsReportBuilder>();
        services.AddSingleton<TlsRptLookup>();
        services.AddSingleton<ReportDestinations>();
        services.AddSingleton<IDeliveryMiddleware, ReportMailTargets>();
        services.AddSingleton<ReportMetrics>();
        services.AddSingleton<ReportPreparation>();
        services.AddSingleton<ReportSender>();
        services.AddSingleton<ReportEvents>();
        services.AddSingleton<ReportDispatcher>();
        services.AddSingleton<ReportRun>();
        services.AddSingleton<ReportUpkeep>();
        services.AddSingleton<ReportArchive>();
        services.AddSingleton<TlsSessionLedger>();
        services.AddSingleton<ReportScheduler>();
        services.AddSingleton(Reports);
        // Not bound yet: a value of the wrong form is a fault to be told, not an exception.
        if (!string.Equals(section[nameof(TlsRptOptions.Enabled)], bool.FalseString, StringComparison.OrdinalIgnoreCase))
        {
            services.AddSingleton<IDeliveryMiddleware, SessionCounting>();
            services.AddSingleton<ITlsReportSink>(provider => provider.GetRequiredService<TlsSessionLedger>());
            services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<TlsSessionLedger>());
            services.AddSingleton<IHostedService>(provider => provider.GetRequiredService<ReportScheduler>());
        }

        return services;
    }

    private static TlsReports Reports(IServiceProvider provider) => new(
        provider.GetRequiredService<ReportArchive>(),
        provider.GetRequiredService<ReportScheduler>(),
        provider.GetRequiredService<ReportOutbox>(),
        provider.GetRequiredService<TimeProvider>(),
        provider.GetRequiredService<ILogger<TlsReports>>());
}
