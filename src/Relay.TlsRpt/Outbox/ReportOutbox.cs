using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Options;
using Relay.Sqlite;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Ledger;
using Relay.TlsRpt.Sending;

namespace Relay.TlsRpt.Outbox;

/// <summary>
/// What has become of each report and of each copy of it. A copy is claimed before it is handed over and settled after; both are on disk
/// before anything else happens, so that a crash at any point neither loses a copy nor repeats one that was accepted.
/// </summary>
internal sealed class ReportOutbox(ReportDatabase database, IOptions<TlsRptOptions> options, TimeProvider time)
{
    /// <summary>RFC 8460 §5.5: how long a report is worth trying.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromHours(24);

    private const string OfCopy = "WHERE day = $day AND domain = $domain AND rua = $rua";
    private const string OfReport = "WHERE day = $day AND domain = $domain";

    /// <summary>
    /// Copies that a crash left in the middle are handed over again: at once, and under the same name.
    /// </summary>
    public void Resume() => database.Run(time.GetUtcNow(), static (connection, now) => connection.Execute(
        "UPDATE outbox SET state = $pending, next_at = $now WHERE state = $sending",
        ("$pending", ReportState.Pending),
        ("$sending", ReportState.Sending),
        ("$now", now.ToUnixTimeMilliseconds())));

    /// <summary>
    /// Writes down what is decided, all or nothing: a report is kept as it will be sent, with one copy for each
    /// destination.
    /// What somebody else has decided in the meantime stands.
    /// </summary>
    public void Write(IReadOnlyCollection<ReportDecision> decisions) => database.Run(
        (decisions, Now: time.GetUtcNow()),
        static (connection, set) =>
        {
            using var transaction = connection.BeginTransaction();
            foreach (var decision in set.decisions)
            {
                Write(connection, decision, set.Now);
            }

            transaction.Commit();
            return true;
        });

    /// <summary>
    /// Marks a copy as being handed over and counts the try; false when somebody else has it, or it was accepted.
    /// </summary>
    public bool TryClaim(ReportDelivery copy) => database.Run(copy, static (connection, copy) => connection.Execute(
        $"""
        UPDATE outbox SET state = $sending, attempts = attempts + 1, next_at = NULL {OfCopy}
            AND state NOT IN ($sending, $accepted)
        """,
        ("$sending", ReportState.Sending),
        ("$accepted", ReportState.Accepted),
        ("$day", copy.Day.Text()),
        ("$domain", copy.Domain.Value),
        ("$rua", copy.Rua))) > 0;

    /// <summary>
    /// Takes one of the mailbox's places among the reports on a day, whatever domain they are on; null when it has one, else why not. A
    /// report that has a place keeps it, however often it is tried.
    /// </summary>
    public string? WhyNoPlace(ReportDelivery copy, string mailbox)
    {
        var limit = options.Value.MaxPerMailbox;
        var hasPlace = database.Run((copy, Mailbox: ReportMailbox.Of(mailbox), limit), static (connection, set) => connection.Execute(
            """
            INSERT INTO mailed SELECT $day, $mailbox, $domain
            WHERE (SELECT count(*) FROM mailed WHERE day = $day AND mailbox = $mailbox AND domain <> $domain) < $limit
            ON CONFLICT DO UPDATE SET domain = excluded.domain
            """,
            ("$day", set.copy.Day.Text()),
            ("$mailbox", set.Mailbox),
            ("$domain", set.copy.Domain.Value),
            ("$limit", set.limit))) > 0;
        return hasPlace
            ? null
            : string.Create(CultureInfo.InvariantCulture, $"mailbox-limit: it gets {limit} reports on one day, whatever domain they are on (TlsRpt:MaxPerMailbox)");
    }

    /// <summary>Writes down what became of a copy.</summary>
    public void Settle(ReportDelivery copy, string state, DateTimeOffset? next, string detail) => database.Run(
        (copy, state, next, detail),
        static (connection, set) => connection.Execute(
            $"UPDATE outbox SET state = $state, next_at = $next, detail = $detail {OfCopy} AND state <> $accepted",
            ("$state", set.state),
            ("$next", OrNull(set.next?.ToUnixTimeMilliseconds())),
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
        foreach (var table in (ReadOnlySpan<string>)["tally", "failure", "report", "outbox", "mailed"])
        {
            connection.Execute($"DELETE FROM {table} WHERE day < $day", ("$day", set.before.Text()));
        }

        connection.Execute("DELETE FROM policy WHERE digest NOT IN (SELECT policy FROM tally)");
        connection.Execute("DELETE FROM suppression WHERE until < $now", ("$now", set.Now.ToUnixTimeMilliseconds()));
        transaction.Commit();
        return true;
    });

    private static void Write(SqliteConnection connection, ReportDecision decision, DateTimeOffset now)
    {
        var made = decision as ReportDecision.Made;
        var postponed = decision as ReportDecision.Postponed;
        var changed = connection.Execute(
            $"""
            UPDATE report SET state = $to, since = $since, next_at = $next, id = $id, contact = $contact, gzip = $gzip,
                summary = $summary, detail = $detail {OfReport} AND state IN ($counting, $silent)
            """,
            ("$to", StateAfter(decision)),
            ("$since", OrNull(postponed?.Since.ToUnixTimeMilliseconds())),
            ("$next", OrNull(postponed?.Next.ToUnixTimeMilliseconds())),
            ("$id", OrNull(made?.Document.ReportId)),
            ("$contact", OrNull(made?.Document.Contact)),
            ("$gzip", OrNull(made?.Document.Gzip.ToArray())),
            ("$summary", OrNull(made?.Document.Summary)),
            ("$detail", decision.Detail),
            ("$counting", ReportState.Counting),
            ("$silent", ReportState.DnsFailure),
            ("$day", decision.Report.Day.Text()),
            ("$domain", decision.Report.Domain.Value));
        if (changed > 0 && made is not null)
        {
            foreach (var destination in made.Places.Used)
            {
                KeepCopy(connection, made, (destination.Rua, ReportState.Pending, string.Empty), now);
            }

            foreach (var (destination, why) in made.Places.Unused)
            {
                KeepCopy(connection, made, (destination.Rua, ReportState.NotUsed, why), now);
            }
        }
    }

    private static string StateAfter(ReportDecision decision) => decision switch
    {
        ReportDecision.Made => ReportState.Built,
        ReportDecision.Closed closed => closed.State,
        _ => ReportState.DnsFailure,
    };

    private static object OrNull(object? value) => value ?? DBNull.Value;

    private static void KeepCopy(
        SqliteConnection connection, ReportDecision.Made made, (string Rua, string State, string Detail) copy, DateTimeOffset now) =>
        connection.Execute(
            "INSERT INTO outbox VALUES ($day, $domain, $rua, $state, 0, $next, $expires, $detail) ON CONFLICT DO NOTHING",
            ("$day", made.Report.Day.Text()),
            ("$domain", made.Report.Domain.Value),
            ("$rua", copy.Rua),
            ("$state", copy.State),
            ("$next", OrNull(copy.State == ReportState.Pending ? now.ToUnixTimeMilliseconds() : null)),
            ("$expires", (now + Patience).ToUnixTimeMilliseconds()),
            ("$detail", copy.Detail));
}
