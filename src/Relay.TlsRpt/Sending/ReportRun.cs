using System.Collections.Concurrent;
using Relay.Mail;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Outbox;

namespace Relay.TlsRpt.Sending;

/// <summary>Makes reports and sends their copies: what is due, or what is asked for.</summary>
internal sealed class ReportRun(
    ReportQueries queries, ReportOutbox outbox, ReportPreparation preparation, ReportDispatcher dispatcher, TimeProvider time)
{
    private const int PassSize = 256;
    private const int MaxConcurrent = 16;

    /// <summary>Does all that is due now.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
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
    }

    /// <summary>Makes and sends at once what is open, without waiting for its time.</summary>
    public async Task<int> SendAsync(
        DateOnly? day,
        DomainName? domain,
        IProgress<TlsReportProgress>? progress,
        CancellationToken cancellationToken)
    {
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

    // One transaction for many reports, so that a hundred thousand domains do not wait for as many flushes of the disk.
    private async Task PrepareAsync(IReadOnlyList<DueReport> reports, CancellationToken cancellationToken)
    {
        var decisions = new ConcurrentBag<ReportDecision>();
        await Parallel.ForEachAsync(reports, Width(cancellationToken), async (report, token) =>
            decisions.Add(await preparation.PrepareAsync(report, time.GetUtcNow(), token)));
        outbox.Write(decisions);
    }

    private static ParallelOptions Width(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = MaxConcurrent, CancellationToken = cancellationToken };
}
