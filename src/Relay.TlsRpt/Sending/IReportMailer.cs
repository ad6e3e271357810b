using Relay.TlsRpt.Format;

namespace Relay.TlsRpt.Sending;

/// <summary>Sends reports by signed mail (RFC 8460 §3, §5.3).</summary>
public interface IReportMailer
{
    /// <summary>
    /// False while something is missing without which no report may be mailed: the DKIM key (RFC 8460 §3).
    /// </summary>
    bool CanSend { get; }

    /// <summary>What is missing, with the remedy; empty when nothing is.</summary>
    string CannotSendReason { get; }

    /// <summary>
    /// Hands one report to mail. <see cref="ReportDispatch.Accepted"/> means that it is safely in the queue; from then on the queue answers
    /// for it.
    /// </summary>
    /// <param name="report">The report.</param>
    /// <param name="mailbox">The decoded mailbox, local part and domain.</param>
    /// <param name="dispatchKey">Letters and digits, always the same for one day, policy domain and destination: a report handed over
    /// again after a crash is recognised by it and not sent twice.
    /// </param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask<ReportDispatch> SendAsync(
        TlsReportDocument report, string mailbox, string dispatchKey, CancellationToken cancellationToken);
}
