using Microsoft.Data.Sqlite;
using Relay.Mail;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Outbox;

namespace Relay.TlsRpt.Ledger;

/// <summary>Reads counts, reports and their copies.</summary>
internal sealed class ReportQueries(ReportDatabase database, ReportIdentity identity)
{
    /// <summary>What was counted.</summary>
    public DayCounts Counts(DateOnly day, DomainName domain) => database.Run(
        (day, domain), static (connection, of) => LedgerReader.Read(connection, of.day, of.domain));

    /// <summary>Reports of ended days that are due, the earliest first.</summary>
    public IReadOnlyList<DueReport> DueReports(DateTimeOffset now, int limit) => OpenReports(
        "next_at <= $now AND day < $today ORDER BY next_at LIMIT $limit",
        ("$now", now.ToUnixTimeMilliseconds()),
        ("$today", ReportDay.Of(now).Text()),
        ("$limit", limit));

    /// <summary>Reports of ended days that are not made yet, due or not.</summary>
    public IReadOnlyList<DueReport> OpenReports(DateTimeOffset now, DateOnly? day, DomainName? domain) => OpenReports(
        """
        next_at IS NOT NULL AND day < $today AND ($day IS NULL OR day = $day) AND ($domain IS NULL OR domain = $domain)
        ORDER BY day, domain
        """,
        ("$today", ReportDay.Of(now).Text()),
        ("$day", (object?)day?.Text() ?? DBNull.Value),
        ("$domain", (object?)domain?.Value ?? DBNull.Value));

    /// <summary>Copies whose time has come, the earliest first.</summary>
    public IReadOnlyList<ReportDelivery> DueCopies(DateTimeOffset now, int limit) => Copies(
        "next_at <= $now ORDER BY next_at LIMIT $limit", ("$now", now.ToUnixTimeMilliseconds()), ("$limit", limit));

    /// <summary>Copies not accepted yet; those given up too when the operator names a day.</summary>
    public IReadOnlyList<ReportDelivery> OpenCopies(DateOnly? day, DomainName? domain) => Copies(
        """
        (state IN ($pending, $noKey) OR ($day IS NOT NULL AND state IN ($refused, $expired)))
            AND ($day IS NULL OR day = $day) AND ($domain IS NULL OR domain = $domain)
        ORDER BY day, domain, rua
        """,
        ("$pending", ReportState.Pending),
        ("$noKey", ReportState.NoDkimKey),
        ("$refused", ReportState.Refused),
        ("$expired", ReportState.Expired),
        ("$day", (object?)day?.Text() ?? DBNull.Value),
        ("$domain", (object?)domain?.Value ?? DBNull.Value));

    /// <summary>The report as it was made; null when it was not.</summary>
    public TlsReportDocument? Report(DateOnly day, DomainName domain) => Reports(
        "day = $day AND domain = $domain", ("$day", day.Text()), ("$domain", domain.Value));

    /// <summary>The report as it was made; null when none with this id was.</summary>
    public TlsReportDocument? Report(string id) => Reports("id = $id", ("$id", id));

    /// <summary>All domains counted on a day.</summary>
    public IReadOnlyList<DomainName> Domains(DateOnly day) => Read(
        "SELECT DISTINCT domain FROM tally WHERE day = $day ORDER BY domain",
        reader => Name(reader, 0),
        ("$day", day.Text()));

    /// <summary>How many copies of ended days wait for a DKIM key.</summary>
    public long WaitingForKey() => Read(
        "SELECT count(*) FROM outbox WHERE state = $state AND next_at IS NOT NULL",
        reader => reader.GetInt64(0),
        ("$state", ReportState.NoDkimKey))[0];

    /// <summary>Why and until when nothing is mailed to a mailbox; null when it may.</summary>
    public (DateTimeOffset Until, string Reason)? Suppression(string mailbox, DateTimeOffset now) => Read(
        "SELECT until, reason FROM suppression WHERE mailbox = $mailbox AND until > $now",
        reader => ((DateTimeOffset, string)?)(Time(reader, 0)!.Value, reader.GetString(1)),
        ("$mailbox", mailbox),
        ("$now", now.ToUnixTimeMilliseconds())).FirstOrDefault();

    /// <summary>The newest day first; a report that is made has a line for each destination.</summary>
    public IReadOnlyList<TlsReportEntry> Entries(DateOnly? day, DomainName? domain, int limit) => Read(
        """
        SELECT r.day, r.domain, r.id, (SELECT total(ok) FROM tally t WHERE t.day = r.day AND t.domain = r.domain),
            (SELECT total(failed) FROM tally t WHERE t.day = r.day AND t.domain = r.domain), o.rua,
            coalesce(o.state, r.state), coalesce(o.attempts, 0), coalesce(o.next_at, r.next_at),
            coalesce(o.detail, r.detail)
        FROM report r LEFT JOIN outbox o ON o.day = r.day AND o.domain = r.domain
        WHERE ($day IS NULL OR r.day = $day) AND ($domain IS NULL OR r.domain = $domain)
        ORDER BY r.day DESC, r.domain, o.rua LIMIT $limit
        """,
        Entry,
        ("$day", (object?)day?.Text() ?? DBNull.Value),
        ("$domain", (object?)domain?.Value ?? DBNull.Value),
        ("$limit", limit));

    private TlsReportEntry Entry(SqliteDataReader reader)
    {
        var (day, domain) = (ReportDay.Parse(reader.GetString(0)), Name(reader, 1));
        return new TlsReportEntry
        {
            Day = day,
            Domain = domain,
            ReportId = reader.IsDBNull(2) ? identity.ReportIdFor(day, domain) : reader.GetString(2),
            Succeeded = (long)reader.GetDouble(3),
            Failed = (long)reader.GetDouble(4),
            Rua = reader.IsDBNull(5) ? null : reader.GetString(5),
            State = reader.GetString(6),
            Attempts = reader.GetInt32(7),
            Next = Time(reader, 8),
            Detail = reader.GetString(9),
        };
    }

    private List<DueReport> OpenReports(string where, params ReadOnlySpan<(string, object)> parameters) => Read(
        $"SELECT day, domain, since FROM report WHERE {where}",
        reader => new DueReport(ReportDay.Parse(reader.GetString(0)), Name(reader, 1), Time(reader, 2)),
        parameters);

    private List<ReportDelivery> Copies(string where, params ReadOnlySpan<(string, object)> parameters) => Read(
        $"SELECT day, domain, rua, attempts, expires_at FROM outbox WHERE {where}",
        reader => new ReportDelivery(
            ReportDay.Parse(reader.GetString(0)),
            Name(reader, 1),
            reader.GetString(2),
            reader.GetInt32(3),
            Time(reader, 4)!.Value),
        parameters);

    private TlsReportDocument? Reports(string where, params ReadOnlySpan<(string, object)> parameters) => Read(
        $"SELECT id, day, domain, contact, gzip, summary FROM report WHERE id IS NOT NULL AND {where}",
        reader => TlsReportBuilder.Restore(
            reader.GetString(0),
            ReportDay.Parse(reader.GetString(1)),
            Name(reader, 2),
            (reader.GetString(3), reader.GetFieldValue<byte[]>(4), reader.GetString(5))),
        parameters).FirstOrDefault();

    private List<T> Read<T>(
        string statement, Func<SqliteDataReader, T> row, params ReadOnlySpan<(string Name, object Value)> parameters) =>
        database.Run((statement, row, parameters.ToArray()), static (connection, read) =>
        {
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every statement is a constant of this class.
            command.CommandText = read.statement;
#pragma warning restore CA2100
            foreach (var (name, value) in read.Item3)
            {
                command.Parameters.AddWithValue(name, value);
            }

            using var reader = command.ExecuteReader();
            var rows = new List<T>();
            while (reader.Read())
            {
                rows.Add(read.row(reader));
            }

            return rows;
        });

    private static DomainName Name(SqliteDataReader reader, int column) =>
        DomainName.TryParse(reader.GetString(column), out var name) ? name : DomainName.Root;

    private static DateTimeOffset? Time(SqliteDataReader reader, int column) =>
        reader.IsDBNull(column) ? null : DateTimeOffset.FromUnixTimeMilliseconds(reader.GetInt64(column));
}
