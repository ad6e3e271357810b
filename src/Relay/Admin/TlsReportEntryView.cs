using Relay.TlsRpt.Ledger;

namespace Relay.Admin;

/// <summary>One line of the list of reports, for people and for <c>--json</c>.</summary>
internal sealed record TlsReportEntryView(
    DateOnly Day,
    string Domain,
    string ReportId,
    long SessionsOk,
    long SessionsFailed,
    string? Rua,
    string State,
    int Attempts,
    DateTimeOffset? Next,
    string? Detail)
{
    public static TlsReportEntryView Of(TlsReportEntry entry) => new(
        entry.Day,
        entry.Domain.Value,
        entry.ReportId,
        entry.Succeeded,
        entry.Failed,
        entry.Rua,
        entry.State,
        entry.Attempts,
        entry.Next,
        entry.Detail.Length > 0 ? entry.Detail : null);
}
