using Relay.TlsRpt.Format;

namespace Relay.TlsRpt.Sending;

/// <summary>Posts reports to HTTPS endpoints (RFC 8460 §3, §5.4).</summary>
public interface IReportPoster
{
    /// <summary>Posts one report once; what the endpoint or the network answers is a value.</summary>
    /// <param name="report">The report.</param>
    /// <param name="endpoint">An absolute <c>https</c> address.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    ValueTask<ReportDispatch> PostAsync(TlsReportDocument report, Uri endpoint, CancellationToken cancellationToken);
}
