using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Outbox;

namespace Relay.TlsRpt.Sending;

/// <summary>What is done once a start, and once a day: taking up what was broken off, forgetting what is old, reminding of a missing key.</summary>
internal sealed class ReportUpkeep(
    ReportQueries queries, ReportOutbox outbox, ReportSender sender, IOptions<TlsRptOptions> options, ILogger<ReportUpkeep> logger)
{
    private bool _hasResumed;
    private DateOnly _pruned;
    private DateTimeOffset _remindAt;

    /// <summary>Takes up, the first time, the copies whose sending an earlier run did not end.</summary>
    public void Resume()
    {
        if (!_hasResumed)
        {
            outbox.Resume();
            _hasResumed = true;
        }
    }

    /// <summary>Does what the day asks for.</summary>
    public void Run(DateTimeOffset started, DateTimeOffset now)
    {
        Remind(started);
        if (ReportDay.Of(now) is var today && today > _pruned)
        {
            outbox.Prune(today.AddDays(-options.Value.RetainDays));
            _pruned = today;
        }
    }

    // Once a day, while reports wait for a key.
    private void Remind(DateTimeOffset now)
    {
        if (now >= _remindAt && sender.NoMailReason is { } reason && queries.WaitingForKey() is > 0 and var waiting)
        {
            logger.NotMailed(waiting, reason, "make a key with: relay dkim new DOMAIN SELECTOR");
            _remindAt = now + TimeSpan.FromDays(1);
        }
    }
}
