using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Outbox;
using Relay.TlsRpt.Sending;

namespace Relay.TlsRpt;

/// <summary>What an operator can ask about reports and do with them.</summary>
public sealed class TlsReports
{
    private static readonly TimeSpan SuppressionTime = TimeSpan.FromDays(7);

    private readonly TlsSessionLedger _ledger;
    private readonly ReportQueries _queries;
    private readonly ReportOutbox _outbox;
    private readonly ReportScheduler _scheduler;
    private readonly TlsReportBuilder _builder;
    private readonly ReportIdentity _identity;
    private readonly TimeProvider _time;
    private readonly ILogger<TlsReports> _logger;

    internal TlsReports(
        TlsSessionLedger ledger,
        ReportQueries queries,
        (ReportOutbox Outbox, ReportScheduler Scheduler) sending,
        (TlsReportBuilder Builder, ReportIdentity Identity) content,
        (TimeProvider Time, ILogger<TlsReports> Logger) host)
    {
        (_ledger, _queries) = (ledger, queries);
        (_outbox, _scheduler) = sending;
        (_builder, _identity) = content;
        (_time, _logger) = host;
    }

    /// <summary>
    /// Days, domains and destinations with what became of them, the newest day first, at most so many.
    /// </summary>
    public IReadOnlyList<TlsReportEntry> List(DateOnly? day, DomainName? domain, int limit)
    {
        _ledger.Flush();
        return _queries.Entries(day, domain, limit);
    }

    /// <summary>
    /// The report with this id, as it was made or, when it was not, as it would be; null when there is none.
    /// </summary>
    public TlsReportDocument? Find(string reportId)
    {
        _ledger.Flush();
        if (_queries.Report(reportId) is { } made)
        {
            return made;
        }

        // The id begins with the day; the rest is only compared.
        if (reportId.Length < 8 || !DateOnly.TryParseExact(reportId.AsSpan(0, 8), "yyyyMMdd", out var day))
        {
            return null;
        }

        foreach (var domain in _queries.Domains(day))
        {
            if (_identity.ReportIdFor(day, domain) == reportId)
            {
                return _builder.Build(_queries.Counts(day, domain));
            }
        }

        return null;
    }

    /// <summary>
    /// What the reports on today would be if the day ended now; one domain's, or one after the other all.
    /// </summary>
    public IEnumerable<TlsReportDocument> Preview(DomainName? domain)
    {
        _ledger.Flush();
        var today = ReportDay.Of(_time.GetUtcNow());
        var domains = domain is { } one ? [one] : _queries.Domains(today);
        return domains
            .Select(name => _queries.Counts(today, name))
            .Where(counts => counts.Policies.Count > 0)
            .Select(counts => _builder.Build(counts));
    }

    /// <summary>
    /// Makes and sends now what is not sent of ended days, without waiting for its time; with a day given, also what
    /// was given up.
    /// What a destination has accepted is never sent there again. Returns how many copies were tried; <see
    /// cref="List"/> tells
    /// what came of them.
    /// </summary>
    public Task<int> SendAsync(
        DateOnly? day,
        DomainName? domain,
        IProgress<TlsReportProgress>? progress,
        CancellationToken cancellationToken) =>
        _scheduler.SendAsync(day, domain, progress, cancellationToken);

    /// <summary>
    /// Report mail to this mailbox came back: nothing more is mailed there for a week, and listings say so (RFC 5321
    /// §4.5.5: the
    /// bounce goes no further).
    /// </summary>
    /// <param name="mailbox">The mailbox as in the destination, decoded.</param>
    /// <param name="reason">For people: what the bounce says.</param>
    public void Suppress(string mailbox, string reason)
    {
        var until = _time.GetUtcNow() + SuppressionTime;
        _outbox.Suppress(mailbox, until, reason);
        _logger.Suppressed(mailbox, until, reason);
    }
}
