using Microsoft.Data.Sqlite;
using Relay.MtaSts.Storage;

namespace Relay.MtaSts.Reporting;

/// <summary>
/// What has become of each report and of each copy of it. A copy is claimed before it is handed over and settled after; both are
/// on disk before anything else happens, so that a crash at any point neither loses a copy nor repeats one that was accepted.
/// </summary>
internal sealed class ReportOutbox(ReportDatabase database, TimeProvider time)
{
    /// <summary>RFC 8460 §5.5: how long a report is worth trying.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    private const string OfCopy = "WHERE day = $day AND domain = $domain AND rua = $rua";
    private const string OfReport = "WHERE day = $day AND domain = $domain";

    /// <summary>Copies that a crash left in the middle are handed over again: at once, and under the same name.</summary>
    public void Resume() => database.Run(time.GetUtcNow(), static (connection, now) => connection.Execute(
        "UPDATE outbox SET state = $pending, next_at = $now WHERE state = $sending",
        ("$pending", ReportState.Pending),
        ("$sending", ReportState.Sending),
        ("$now", now.ToUnixTimeMilliseconds())));

    /// <summary>The report was asked for and DNS is silent.</summary>
    public void Postpone(DueReport report, DateTimeOffset since, DateTimeOffset next, string detail) => database.Run(
        (report, since, next, detail),
        static (connection, set) => connection.Execute(
            $"UPDATE report SET state = $state, since = $since, next_at = $next, detail = $detail {OfReport}",
            ("$state", ReportState.DnsFailure),
            ("$since", set.since.ToUnixTimeMilliseconds()),
            ("$next", set.next.ToUnixTimeMilliseconds()),
            ("$detail", set.detail),
            ("$day", set.report.Day.Text()),
            ("$domain", set.report.Domain.Value)));

    /// <summary>There will be no report.</summary>
    public void Close(DueReport report, string state, string detail) => database.Run(
        (report, state, detail),
        static (connection, set) => connection.Execute(
            $"UPDATE report SET state = $state, next_at = NULL, detail = $detail {OfReport}",
            ("$state", set.state),
            ("$detail", set.detail),
            ("$day", set.report.Day.Text()),
            ("$domain", set.report.Domain.Value)));

    /// <summary>
    /// Keeps the report as it will be sent, and one copy for each destination, all or nothing; does nothing when somebody else
    /// has done so.
    /// </summary>
    public void Keep(TlsReportDocument report, IReadOnlyList<TlsRptDestination> destinations, string detail) => database.Run(
        (report, destinations, detail, Now: time.GetUtcNow()),
        static (connection, set) =>
        {
            using var transaction = connection.BeginTransaction();
            if (KeepReport(connection, set.report, set.detail) > 0)
            {
                foreach (var destination in set.destinations)
                {
                    KeepCopy(connection, set.report, destination.Rua, set.Now);
                }
            }

            transaction.Commit();
            return true;
        });

    /// <summary>Marks a copy as being handed over and counts the try; false when somebody else has it, or it was accepted.</summary>
    public bool TryClaim(ReportCopy copy) => database.Run(copy, static (connection, copy) => connection.Execute(
        $"""
        UPDATE outbox SET state = $sending, attempts = attempts + 1, next_at = NULL {OfCopy}
            AND state NOT IN ($sending, $accepted)
        """,
        ("$sending", ReportState.Sending),
        ("$accepted", ReportState.Accepted),
        ("$day", copy.Day.Text()),
        ("$domain", copy.Domain.Value),
        ("$rua", copy.Rua))) > 0;

    /// <summary>Writes down what became of a copy.</summary>
    public void Settle(ReportCopy copy, string state, DateTimeOffset? next, string detail) => database.Run(
        (copy, state, next, detail),
        static (connection, set) => connection.Execute(
            $"UPDATE outbox SET state = $state, next_at = $next, detail = $detail {OfCopy} AND state <> $accepted",
            ("$state", set.state),
            ("$next", set.next is { } next ? next.ToUnixTimeMilliseconds() : DBNull.Value),
            ("$detail", set.detail),
            ("$accepted", ReportState.Accepted),
            ("$day", set.copy.Day.Text()),
            ("$domain", set.copy.Domain.Value),
            ("$rua", set.copy.Rua)));

    /// <summary>Nothing is mailed to this mailbox until then.</summary>
    public void Suppress(string mailbox, DateTimeOffset until, string reason) => database.Run(
        (mailbox, until, reason),
        static (connection, set) => connection.Execute(
            """
            INSERT INTO suppression VALUES ($mailbox, $until, $reason)
            ON CONFLICT DO UPDATE SET until = max(until, excluded.until), reason = excluded.reason
            """,
            ("$mailbox", set.mailbox),
            ("$until", set.until.ToUnixTimeMilliseconds()),
            ("$reason", set.reason)));

    /// <summary>Forgets days before this one, and what only they needed.</summary>
    public void Prune(DateOnly before) => database.Run((before, Now: time.GetUtcNow()), static (connection, set) =>
    {
        using var transaction = connection.BeginTransaction();
        foreach (var table in (ReadOnlySpan<string>)["tally", "failure", "report", "outbox"])
        {
            connection.Execute($"DELETE FROM {table} WHERE day < $day", ("$day", set.before.Text()));
        }

        connection.Execute("DELETE FROM policy WHERE digest NOT IN (SELECT policy FROM tally)");
        connection.Execute("DELETE FROM suppression WHERE until < $now", ("$now", set.Now.ToUnixTimeMilliseconds()));
        transaction.Commit();
        return true;
    });

    private static int KeepReport(SqliteConnection connection, TlsReportDocument report, string detail) => connection.Execute(
        $"""
        UPDATE report SET state = $built, next_at = NULL, id = $id, contact = $contact, gzip = $gzip, summary = $summary,
            detail = $detail {OfReport} AND state IN ($counting, $silent)
        """,
        ("$built", ReportState.Built),
        ("$id", report.ReportId),
        ("$contact", report.Contact),
        ("$gzip", report.Gzip.ToArray()),
        ("$summary", report.Summary),
        ("$detail", detail),
        ("$counting", ReportState.Counting),
        ("$silent", ReportState.DnsFailure),
        ("$day", report.Day.Text()),
        ("$domain", report.PolicyDomain.Value));

    private static void KeepCopy(SqliteConnection connection, TlsReportDocument report, string rua, DateTimeOffset now) =>
        connection.Execute(
            "INSERT INTO outbox VALUES ($day, $domain, $rua, $state, 0, $now, $expires, '') ON CONFLICT DO NOTHING",
            ("$day", report.Day.Text()),
            ("$domain", report.PolicyDomain.Value),
            ("$rua", rua),
            ("$state", ReportState.Pending),
            ("$now", now.ToUnixTimeMilliseconds()),
            ("$expires", (now + Patience).ToUnixTimeMilliseconds()));
}
