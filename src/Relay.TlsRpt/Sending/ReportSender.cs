using Relay.TlsRpt.Format;
using Relay.TlsRpt.Outbox;
using Relay.TlsRpt.Records;

namespace Relay.TlsRpt.Sending;

/// <summary>The ways by which copies of reports leave: mail, where the program has a mailer, and HTTPS.</summary>
internal sealed class ReportSender(IReportMailer? mailer = null, IReportPoster? poster = null)
{
    /// <summary>What keeps reports from being mailed; null for nothing.</summary>
    public string? NoMailReason => mailer switch
    {
        null => "this program sends no mail",
        { CanSend: false } => mailer.CannotSendReason,
        _ => null,
    };

    /// <summary>Hands a copy over. Throws only when cancelled.</summary>
    public async Task<ReportDispatch> SendAsync(
        ReportDelivery copy, TlsReportDocument report, TlsRptDestination destination, CancellationToken cancellationToken)
    {
        try
        {
            return destination switch
            {
                TlsRptDestination.Mail mail => await mailer!.SendAsync(
                    report,
                    mail.Mailbox,
                    ReportIdentity.DispatchKeyFor(copy.Day, copy.Domain, copy.Rua),
                    cancellationToken),
                TlsRptDestination.Https https when poster is not null =>
                    await poster.PostAsync(report, https.Endpoint, cancellationToken),
                _ => new ReportDispatch.Refused("this program posts nothing"),
            };
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // A fault of a transport must neither end the program nor, after its next start, end it again.
            return new ReportDispatch.TryLater(fault.Message, After: null);
        }
    }
}
