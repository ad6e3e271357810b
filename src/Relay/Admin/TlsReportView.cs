using System.Text;
using Relay.TlsRpt.Format;

namespace Relay.Admin;

/// <summary>One report: in words, and the JSON text of RFC 8460 §4 itself.</summary>
internal sealed record TlsReportView(string ReportId, string Summary, string Report)
{
    public static TlsReportView Of(TlsReportDocument report) =>
        new(report.ReportId, report.Summary, Encoding.UTF8.GetString(report.Json.Span));
}
