using Microsoft.Data.Sqlite;
using Relay.Mail;
using Relay.TlsRpt.Format;

namespace Relay.TlsRpt.Ledger;

/// <summary>Reads counts back.</summary>
internal static class LedgerReader
{
    /// <summary>
    /// The counts of one domain on one day, the policy with the most sessions first; without any, no policies.
    /// </summary>
    public static DayCounts Read(SqliteConnection connection, DateOnly day, DomainName domain)
    {
        var failures = ReadFailures(connection, day, domain);
        using var command = Select(
            connection,
            """
            SELECT t.policy, p.type, p.lines, p.mx, t.ok, t.failed FROM tally t JOIN policy p ON p.digest = t.policy
            WHERE t.day = $day AND t.domain = $domain ORDER BY t.ok + t.failed DESC, t.policy
            """,
            day,
            domain);
        using var reader = command.ExecuteReader();
        var policies = new List<PolicyCounts>();
        while (reader.Read())
        {
            var digest = Convert.ToHexString(reader.GetFieldValue<byte[]>(0));
            policies.Add(new PolicyCounts(
                reader.GetString(1),
                Split(reader.GetString(2)),
                Split(reader.GetString(3)),
                reader.GetInt64(4),
                reader.GetInt64(5),
                failures.GetValueOrDefault(digest) ?? []));
        }

        return new DayCounts(day, domain, policies);
    }

    private static Dictionary<string, List<FailureCount>> ReadFailures(
        SqliteConnection connection, DateOnly day, DomainName domain)
    {
        using var command = Select(
            connection,
            """
            SELECT policy, type, sending, receiving, mx, helo, reason, count FROM failure
            WHERE day = $day AND domain = $domain
            ORDER BY count DESC, type, sending, receiving, mx, helo, reason
            """,
            day,
            domain);
        using var reader = command.ExecuteReader();
        var failures = new Dictionary<string, List<FailureCount>>();
        while (reader.Read())
        {
            var digest = Convert.ToHexString(reader.GetFieldValue<byte[]>(0));
            if (!failures.TryGetValue(digest, out var list))
            {
                failures.Add(digest, list = []);
            }

            var key = new FailureKey(
                reader.GetString(1),
                reader.GetString(2),
                reader.GetString(3),
                reader.GetString(4),
                reader.GetString(5),
                reader.GetString(6));
            list.Add(new FailureCount(key, reader.GetInt64(7)));
        }

        return failures;
    }

    private static SqliteCommand Select(SqliteConnection connection, string statement, DateOnly day, DomainName domain)
    {
        var command = connection.CreateCommand();
#pragma warning disable CA2100 // The constants above.
        command.CommandText = statement;
#pragma warning restore CA2100
        command.Parameters.AddWithValue("$day", day.Text());
        command.Parameters.AddWithValue("$domain", domain.Value);
        return command;
    }

    private static string[] Split(string lines) => lines.Length == 0 ? [] : lines.Split('\n');
}
