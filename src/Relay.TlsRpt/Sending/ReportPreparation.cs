using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Outbox;
using Relay.TlsRpt.Records;

namespace Relay.TlsRpt.Sending;

/// <summary>Takes up a report that is due: asks where it goes and makes it.</summary>
internal sealed class ReportPreparation(
    TlsRptLookup lookup,
    TlsReportBuilder builder,
    ReportQueries queries,
    IOptions<TlsRptOptions> options,
    ILogger<ReportPreparation> logger)
{
    private static readonly TimeSpan DnsRetry = TimeSpan.FromMinutes(30);

    /// <summary>What is to become of a report that is due at this time.</summary>
    public async Task<ReportDecision> PrepareAsync(DueReport report, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (records, detail) = await lookup.LookUpAsync(report.Domain, cancellationToken);
        return records switch
        {
            null => Wait(report, now, detail),
            TlsRptRecordSet.Found { Destinations.Count: > 0 } found => Make(report, found.Destinations),
            _ => new ReportDecision.Closed(report, ReportState.NotWanted, WhyNot(records)),
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

    private ReportDecision Make(DueReport report, IReadOnlyList<TlsRptDestination> destinations)
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

        // RFC 8460 §7: a record must not turn the relay into a flooder.
        var limit = options.Value.MaxDestinations;
        var passed = destinations.Count - limit;
        return new ReportDecision.Made(
            report,
            builder.Build(counts),
            [.. destinations.Take(limit)],
            passed > 0
                ? string.Create(CultureInfo.InvariantCulture, $"{passed} destinations above the limit are not served")
                : string.Empty);
    }

    private static string WhyNot(TlsRptRecordSet records) => records switch
    {
        TlsRptRecordSet.Multiple => "more than one TLSRPT record",
        TlsRptRecordSet.Invalid => "the TLSRPT record names no destination",
        TlsRptRecordSet.Found => "the TLSRPT record names no destination that can be used",
        _ => "no TLSRPT record",
    };
}
