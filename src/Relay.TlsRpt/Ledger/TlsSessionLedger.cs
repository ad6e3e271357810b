using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Relay.Delivery.Observations;
using Relay.Mail;
using Relay.TlsRpt.Format;

namespace Relay.TlsRpt.Ledger;

/// <summary>
/// Counts sessions for reports (RFC 8460 §4.2). Counting touches memory only; each second the counts go to the store in one transaction,
/// and so they do at the end. A crash loses the last second; a store that fails loses nothing while there is room.
/// </summary>
internal sealed class TlsSessionLedger(
    ReportDatabase database, ReportIdentity identity, TimeProvider time, ILogger<TlsSessionLedger> logger)
    : BackgroundService, ITlsReportSink
{
    private static readonly TimeSpan FlushInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly Lock _flushing = new();
    private LedgerBatch _batch = new();
    private long _lost;

    public void Add(TlsObservation observation)
    {
        if (!SanitizedText.IsPolicyDomain(observation.PolicyDomain.Value))
        {
            return;
        }

        lock (_gate)
        {
            _lost += _batch.TryAdd(observation) ? 0 : 1;
        }
    }

    /// <summary>Puts what was counted into the store; keeps it when the store fails.</summary>
    public void Flush()
    {
        lock (_flushing)
        {
            LedgerBatch batch;
            lock (_gate)
            {
                if (_batch.IsEmpty)
                {
                    return;
                }

                batch = _batch;
                _batch = new LedgerBatch();
            }

            try
            {
                Write(batch);
            }
            catch (Exception fault)
                when (fault is IOException or UnauthorizedAccessException or System.Data.Common.DbException)
            {
                Restore(batch, fault.Message);
            }
        }
    }

    /// <summary>Opens the store before mail comes in: one of a newer version ends the start (<see cref="IOException"/>).</summary>
    public override Task StartAsync(CancellationToken cancellationToken)
    {
        database.RequireKnownVersion();
        return base.StartAsync(cancellationToken);
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        Flush();
    }

    public override void Dispose()
    {
        // The last sessions end after the hosted services have.
        Flush();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(FlushInterval, time, stoppingToken);
            Flush();
        }
    }

    private void Write(LedgerBatch batch) => database.Run(
        (Batch: batch, Identity: identity, Today: ReportDay.Of(time.GetUtcNow())),
        static (connection, work) =>
        {
            using var transaction = connection.BeginTransaction();
            using var writer = new LedgerWriter(connection, transaction, work.Identity, work.Today);
            writer.Write(work.Batch);
            transaction.Commit();
            return true;
        });

    private void Restore(LedgerBatch batch, string fault)
    {
        long lost;
        lock (_gate)
        {
            _lost += batch.Merge(_batch);
            _batch = batch;
            lost = _lost;
        }

        logger.CountsKept(lost, fault);
    }
}
