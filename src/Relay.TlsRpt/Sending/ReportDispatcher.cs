using System.Globalization;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Outbox;
using Relay.TlsRpt.Records;

namespace Relay.TlsRpt.Sending;

/// <summary>Hands one copy of a report over and writes down what came of it.</summary>
internal sealed class ReportDispatcher(
    ReportQueries queries, ReportOutbox outbox, ReportSender sender, ReportEvents events, TimeProvider time)
{
    // RFC 8460 §5.5: the gaps double; those of 5 minutes, doubled eight times, fill the 24 hours.
    private static readonly TimeSpan FirstGap = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan KeyRetry = TimeSpan.FromHours(1);
    private const int MostDoublings = 9;

    public async Task SendAsync(ReportDelivery copy, CancellationToken cancellationToken)
    {
        if (!TlsRptUri.TryRead(System.Text.Encoding.ASCII.GetBytes(copy.Rua), out var destination)
            || queries.Report(copy.Day, copy.Domain) is not { } report)
        {
            outbox.Settle(copy, ReportState.Refused, null, "the stored row is damaged");
            return;
        }

        if (destination is TlsRptDestination.Mail mail && IsHeldBack(copy, mail.Mailbox))
        {
            return;
        }

        if (outbox.TryClaim(copy))
        {
            var result = await HandOverAsync(copy, report, destination, cancellationToken);
            Settle(copy with { Attempts = copy.Attempts + 1 }, report, result);
        }
    }

    private async Task<ReportDispatch> HandOverAsync(
        ReportDelivery copy, TlsReportDocument report, TlsRptDestination destination, CancellationToken cancellationToken)
    {
        try
        {
            return await sender.SendAsync(copy, report, destination, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Nobody knows whether it arrived; the report's id is the same the next time (RFC 8460 §5.3).
            outbox.Settle(copy, ReportState.Pending, time.GetUtcNow(), "interrupted");
            throw;
        }
    }

    private bool IsHeldBack(ReportDelivery copy, string mailbox)
    {
        var now = time.GetUtcNow();
        if (queries.Suppression(mailbox, now) is { } suppression)
        {
            var until = suppression.Until.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
            var detail = $"suppressed until {until}: {suppression.Reason}";
            End(copy, ReportState.Suppressed, detail);
            return true;
        }

        if (sender.NoMailReason is { } reason)
        {
            // RFC 8460 §3: an unsigned report is ignored by its receivers. The key may come while the report is still
            // fresh.
            var next = now + KeyRetry;
            outbox.Settle(copy, ReportState.NoDkimKey, next < copy.ExpiresAt ? next : null, reason);
            return true;
        }

        if (outbox.WhyNoPlace(copy, mailbox) is { } full)
        {
            // RFC 8460 §7: many domains that name one mailbox are a flood, too.
            End(copy, ReportState.NotUsed, full);
            return true;
        }

        return false;
    }

    private void Settle(ReportDelivery copy, TlsReportDocument report, ReportDispatch result)
    {
        switch (result)
        {
            case ReportDispatch.Accepted:
                outbox.Settle(copy, ReportState.Accepted, null, result.Detail);
                events.Accepted(copy, report.ReportId, result.Detail);
                break;
            case ReportDispatch.TryLater later:
                TryLater(copy, later);
                break;
            default:
                End(copy, ReportState.Refused, result.Detail);
                break;
        }
    }

    private void TryLater(ReportDelivery copy, ReportDispatch.TryLater later)
    {
        var gap = FirstGap * (1 << Math.Min(copy.Attempts - 1, MostDoublings));
        var next = time.GetUtcNow() + (later.After > gap ? later.After.Value : gap);
        if (next >= copy.ExpiresAt)
        {
            End(copy, ReportState.Expired, later.Detail);
            return;
        }

        outbox.Settle(copy, ReportState.Pending, next, later.Detail);
        events.Postponed(copy, next, later.Detail);
    }

    private void End(ReportDelivery copy, string state, string detail)
    {
        outbox.Settle(copy, state, null, detail);
        events.Ended(copy, state, detail);
    }
}
