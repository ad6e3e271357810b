using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.TlsRpt.Ledger;

namespace Relay.TlsRpt.Sending;

/// <summary>
/// Runs what is due, each minute. What it knows is in the store alone: a relay that was down at midnight, or for days, goes on where it
/// stopped.
/// </summary>
internal sealed class ReportScheduler(
    TlsSessionLedger ledger, ReportRun run, ReportUpkeep upkeep, TimeProvider time, ILogger<ReportScheduler> logger) : BackgroundService
{
    /// <summary>How often the scheduler looks for reports that are due.</summary>
    public static readonly TimeSpan PassInterval = TimeSpan.FromMinutes(1);

    /// <summary>Does all that is due now.</summary>
    public async Task PassAsync(CancellationToken cancellationToken)
    {
        ledger.Flush();
        var started = time.GetUtcNow();
        await run.RunAsync(cancellationToken);
        upkeep.Run(started, time.GetUtcNow());
    }

    /// <summary>Makes and sends at once what is open, without waiting for its time.</summary>
    public Task<int> SendAsync(
        DateOnly? day, DomainName? domain, IProgress<TlsReportProgress>? progress, CancellationToken cancellationToken)
    {
        ledger.Flush();
        return run.SendAsync(day, domain, progress, cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Not on the caller's thread: the host waits for the first await before it starts anything else.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                upkeep.Resume();
                await PassAsync(stoppingToken);
            }
            catch (Exception fault) when (!stoppingToken.IsCancellationRequested)
            {
                // Reports can wait; mail cannot, and an exception here would end the program, a stray cancellation too.
                logger.PassFailed(fault);
            }

            await Task.Delay(PassInterval, time, stoppingToken);
        }
    }
}
