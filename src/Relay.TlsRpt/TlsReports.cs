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

    private readonly ReportArchive _archive;
    private readonly ReportScheduler _scheduler;
    private readonly ReportOutbox _outbox;
    private readonly TimeProvider _time;
    private readonly ILogger<TlsReports> _logger;

    internal TlsReports(
        ReportArchive archive, ReportScheduler scheduler, ReportOutbox outbox, TimeProvider time, ILogger<TlsReports> logger)
    {
        _archive = archive;
        _scheduler = scheduler;
        _outbox = outbox;
        _time = time;
        _logger = logger;
    }

    /// <summary>
    /// Days, domains and destinations with what became of them, the newest day first, at most so many.
    /// </summary>
    public IReadOnlyList<TlsReportEntry> List(DateOnly? day, DomainName? domain, int limit) => _archive.List(day, domain, limit);

    /// <summary>
    /// The report with this id, as it was made or, when it was not, as it would be; null when there is none.
    /// </summary>
    public TlsReportDocument? Find(string reportId) => _archive.Find(reportId);

    /// <summary>
    /// What the reports on today would be if the day ended now; one domain's, or one after the other all.
    /// </summary>
    public IEnumerable<TlsReportDocument> Preview(DomainName? domain) => _archive.Preview(domain);

    /// <summary>
    /// Makes and sends now what is not sent of ended days, without waiting for its time; with a day given, also what was given up. What a
    /// destination has accepted is never sent there again. Returns how many copies were tried; <see cref="List"/> tells what came of them.
    /// </summary>
    public Task<int> SendAsync(
        DateOnly? day,
        DomainName? domain,
        IProgress<TlsReportProgress>? progress,
        CancellationToken cancellationToken) =>
        _scheduler.SendAsync(day, domain, progress, cancellationToken);

    /// <summary>
    /// Report mail to this mailbox came back: nothing more is mailed there for a week, and listings say so (RFC 5321 §4.5.5: the bounce
    /// goes no further).
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
