using Relay.Mail;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;

namespace Relay.TlsRpt;

/// <summary>Reports to look at: those that were made, and those that would be.</summary>
internal sealed class ReportArchive(
    TlsSessionLedger ledger, ReportQueries queries, TlsReportBuilder builder, ReportIdentity identity, TimeProvider time)
{
    /// <summary>
    /// Days, domains and destinations with what became of them, the newest day first, at most so many.
    /// </summary>
    public IReadOnlyList<TlsReportEntry> List(DateOnly? day, DomainName? domain, int limit)
    {
        ledger.Flush();
        return queries.Entries(day, domain, limit);
    }

    /// <summary>
    /// The report with this id, as it was made or, when it was not, as it would be; null when there is none.
    /// </summary>
    public TlsReportDocument? Find(string reportId)
    {
        ledger.Flush();
        if (queries.Report(reportId) is { } made)
        {
            return made;
        }

        // The id begins with the day; the rest is only compared.
        if (reportId.Length < 8 || !DateOnly.TryParseExact(reportId.AsSpan(0, 8), "yyyyMMdd", out var day))
        {
            return null;
        }

        foreach (var domain in queries.Domains(day))
        {
            if (identity.ReportIdFor(day, domain) == reportId)
            {
                return builder.Build(queries.Counts(day, domain));
            }
        }

        return null;
    }

    /// <summary>
    /// What the reports on today would be if the day ended now; one domain's, or one after the other all.
    /// </summary>
    public IEnumerable<TlsReportDocument> Preview(DomainName? domain)
    {
        ledger.Flush();
        var today = ReportDay.Of(time.GetUtcNow());
        var domains = domain is { } one ? [one] : queries.Domains(today);
        return domains
            .Select(name => queries.Counts(today, name))
            .Where(counts => counts.Policies.Count > 0)
            .Select(counts => builder.Build(counts));
    }
}
