using System.Collections.Concurrent;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Mail;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Outbox;

namespace Relay.TlsRpt.Sending;

/// <summary>
/// Makes and sends reports when they are due. What it knows is in the store alone: a relay that was down at midnight,
/// or for
/// days, goes on where it stopped.
/// </summary>
internal sealed class ReportScheduler(
    TlsSessionLedger ledger,
    ReportQueries queries,
    ReportOutbox outbox,
    ReportPreparation preparation,
    ReportDispatcher dispatcher,
    TimeProvider time,
    IOptions<TlsRptOptions> options,
    ILogger<ReportScheduler> logger) : BackgroundService
{
    /// <summary>How often the scheduler looks for reports that are due.</summary>
    public static readonly TimeSpan PassInterval = TimeSpan.FromMinutes(1);

    private const int PassSize = 256;
    private const int MaxConcurrent = 16;

    private DateOnly _pruned;
    private DateTimeOffset _remindAt;

    /// <summary>Does all that is due now.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        ledger.Flush();
        var now = time.GetUtcNow();
        while (queries.DueReports(now, PassSize) is { Count: > 0 } reports)
        {
            await PrepareAsync(reports, cancellationToken);
        }

        // The copies made just now are due too.
        while (queries.DueCopies(time.GetUtcNow(), PassSize) is { Count: > 0 } copies)
        {
            await Parallel.ForEachAsync(copies, Width(cancellationToken), async (copy, token) =>
                await dispatcher.SendAsync(copy, token));
        }

        Remind(now);
        if (ReportDay.Of(now) is var today && today > _pruned)
        {
            outbox.Prune(today.AddDays(-options.Value.RetainDays));
            _pruned = today;
        }
    }

    /// <summary>Makes and sends at once what is open, without waiting for its time.</summary>
    public async Task<int> SendAsync(
        DateOnly? day,
        DomainName? domain,
        IProgress<TlsReportProgress>? progress,
        CancellationToken cancellationToken)
    {
        ledger.Flush();
        var reports = queries.OpenReports(time.GetUtcNow(), day, domain);
        foreach (var part in reports.Chunk(PassSize))
        {
            await PrepareAsync(part, cancellationToken);
        }

        var copies = queries.OpenCopies(day, domain);
        var done = 0;
        await Parallel.ForEachAsync(copies, Width(cancellationToken), async (copy, token) =>
        {
            await dispatcher.SendAsync(copy, token);
            progress?.Report(new TlsReportProgress(Interlocked.Increment(ref done), copies.Count));
        });

        return copies.Count;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not on the caller's thread: the host waits for the first await before it starts anything else.
        await Task.Yield();
        var resumed = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!resumed)
                {
                    outbox.Resume();
                    resumed = true;
                }

                await PassAsync(stoppingToken);
            }
            catch (Exception fault) when (fault is not OperationCanceledException)
            {
                // Reports can wait; mail cannot, and an exception here would end the program.
                logger.PassFailed(fault);
            }

            await Task.Delay(PassInterval, time, stoppingToken);
        }
    }

    // One transaction for many reports, so that a hundred thousand domains do not wait for as many flushes of the disk.
    private async Task PrepareAsync(IReadOnlyList<DueReport> reports, CancellationToken cancellationToken)
    {
        var decisions = new ConcurrentBag<ReportDecision>();
        await Parallel.ForEachAsync(reports, Width(cancellationToken), async (report, token) =>
            decisions.Add(await preparation.PrepareAsync(report, token)));
        outbox.Write(decisions);
    }

    private static ParallelOptions Width(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = cancellationToken };

    // Once a day, while reports wait for a key.
    private void Remind(DateTimeOffset now)
    {
        if (now >= _remindAt && dispatcher.NoMailReason is { } reason && queries.WaitingForKey() is > 0 and var waiting)
        {
            logger.NotMailed(waiting, reason, "make a key with: relay dkim new DOMAIN SELECTOR");
            _remindAt = now + TimeSpan.FromDays(1);
        }
    }
}
