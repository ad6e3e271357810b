using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Relay.MtaSts.Reporting;

/// <summary>Takes up a report that is due: asks where it goes, makes it, and puts a copy for each destination into the outbox.</summary>
internal sealed class ReportPreparation(
    TlsRptLookup lookup,
    TlsReportBuilder builder,
    ReportQueries queries,
    ReportOutbox outbox,
    TimeProvider time,
    IOptions<TlsRptOptions> options,
    ILogger<ReportPreparation> logger)
{
    private static readonly TimeSpan DnsRetry = TimeSpan.FromMinutes(30);

    public async Task PrepareAsync(DueReport report, CancellationToken cancellationToken)
    {
        var (records, detail) = await lookup.LookUpAsync(report.Domain, cancellationToken);
        switch (records)
        {
            case null:
                Wait(report, detail);
                break;
            case TlsRptRecordSet.Found { Destinations.Count: > 0 } found:
                Make(report, found.Destinations);
                break;
            default:
                outbox.Close(report, ReportState.NotWanted, WhyNot(records));
                break;
        }
    }

    // RFC 8460 §3, §5.5: silence of DNS is no answer; the counts stay and the question is asked again, for a day.
    private void Wait(DueReport report, string detail)
    {
        var now = time.GetUtcNow();
        var since = report.Since ?? now;
        if (now + DnsRetry >= since + ReportOutbox.Patience)
        {
            outbox.Close(report, ReportState.Expired, detail);
            logger.ReportFailed(report.Domain, report.Day.Text(), null, "dns-failure", null, detail);
            return;
        }

        outbox.Postpone(report, since, now + DnsRetry, detail);
        if (report.Since is null)
        {
            logger.ReportFailed(report.Domain, report.Day.Text(), null, "dns-failure", now + DnsRetry, detail);
        }
    }

    private void Make(DueReport report, IReadOnlyList<TlsRptDestination> destinations)
    {
        var counts = queries.Counts(report.Day, report.Domain);
        if (counts.Succeeded + counts.Failed == 0)
        {
            // RFC 8460 §4.2.1: successes are a sign of life; where nothing happened there is nothing to say.
            outbox.Close(report, ReportState.NoSessions, string.Empty);
        }
        else if (options.Value.OnlyFailures && !counts.HasFailures)
        {
            outbox.Close(report, ReportState.OnlySuccesses, string.Empty);
        }
        else
        {
            // RFC 8460 §7: a record must not turn the relay into a flooder.
            var limit = options.Value.MaxDestinations;
            var passed = destinations.Count - limit;
            outbox.Keep(
                builder.Build(counts),
                [.. destinations.Take(limit)],
                passed > 0 ? string.Create(CultureInfo.InvariantCulture, $"{passed} destinations above the limit are not served") : string.Empty);
        }
    }

    private static string WhyNot(TlsRptRecordSet records) => records switch
    {
        TlsRptRecordSet.Multiple => "more than one TLSRPT record",
        TlsRptRecordSet.Invalid => "the TLSRPT record names no destination",
        TlsRptRecordSet.Found => "the TLSRPT record names no destination that can be used",
        _ => "no TLSRPT record",
    };
}
