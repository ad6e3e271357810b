using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Outbox;

namespace Relay.TlsRpt.Sending;

/// <summary>Takes up a report that is due: asks where it goes and makes it.</summary>
internal sealed class ReportPreparation(
    ReportDestinations destinations,
    TlsReportBuilder builder,
    ReportQueries queries,
    IOptions<TlsRptOptions> options,
    ILogger<ReportPreparation> logger)
{
    private static readonly TimeSpan DnsRetry = TimeSpan.FromMinutes(30);

    /// <summary>What is to become of a report that is due at this time.</summary>
    public async Task<ReportDecision> PrepareAsync(DueReport report, DateTimeOffset now, CancellationToken cancellationToken)
    {
        return await destinations.FindAsync(report.Domain, cancellationToken) switch
        {
            FoundDestinations.Silence silence => Wait(report, now, silence.Detail),
            FoundDestinations.Places places => Make(report, places),
            var nowhere => new ReportDecision.Closed(report, ReportState.NotWanted, nowhere.Detail),
        };
    }

    // RFC 8460 §3, §5.5: silence of DNS is no answer; the counts stay and the question is asked again, for a day.
    private ReportDecision Wait(DueReport report, DateTimeOffset now, string detail)
    {
        var next = now + DnsRetry;
        var since = report.Since ?? now;
        if (next >= since + ReportOutbox.Patience)
        {
            logger.ReportFailed(report.Domain, report.Day.Text(), null, "dns-failure", null, detail);
            return new ReportDecision.Closed(report, ReportState.Expired, detail);
        }

        if (report.Since is null)
        {
            logger.ReportFailed(report.Domain, report.Day.Text(), null, "dns-failure", next, detail);
        }

        return new ReportDecision.Postponed(report, since, next, detail);
    }

    private ReportDecision Make(DueReport report, FoundDestinations.Places places)
    {
        var counts = queries.Counts(report.Day, report.Domain);
        if (counts.Succeeded + counts.Failed == 0)
        {
            // RFC 8460 §4.2.1: successes are a sign of life; where nothing happened there is nothing to say.
            return new ReportDecision.Closed(report, ReportState.NoSessions, string.Empty);
        }

        if (options.Value.OnlyFailures && !counts.HasFailures)
        {
            return new ReportDecision.Closed(report, ReportState.OnlySuccesses, string.Empty);
        }

        foreach (var unused in places.Unused)
        {
            logger.ReportFailed(report.Domain, report.Day.Text(), unused.Destination.Rua, ReportState.NotUsed, null, unused.Why);
        }

        return new ReportDecision.Made(report, builder.Build(counts), places);
    }
}
