using System.Text;
using Microsoft.Data.Sqlite;
using Relay.Dns;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Cache;

/// <summary>Rows of the policy table, and statements without a result.</summary>
internal static class PolicyRows
{
    /// <summary>Runs one statement; returns how many rows it changed.</summary>
    public static int Execute(
        SqliteConnection connection, string statement, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every statement is a constant of SqlitePolicyStore.
        command.CommandText = statement;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command.ExecuteNonQuery();
    }

    /// <summary>
    /// Reads all rows; a row that somebody else damaged is passed over, its policy can be fetched again.
    /// </summary>
    public static List<StoredPolicy> Read(SqliteCommand command)
    {
        var rows = new List<StoredPolicy>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            if (DomainName.TryParse(reader.GetString(0), out var domain)
                && StsPolicy.Parse(Encoding.UTF8.GetBytes(reader.GetString(2))) is PolicyReading.Valid text)
            {
                var policy = new CachedPolicy(domain, reader.GetString(1), text.Policy, Time(reader, 3));
                rows.Add(new StoredPolicy(policy, Time(reader, 4), Time(reader, 5)));
            }
        }

        return rows;
    }

    // A time outside the calendar is damage too; the earliest time there is makes the policy expired.
    private static DateTimeOffset Time(SqliteDataReader reader, int column) =>
        reader.GetInt64(column) is > 0 and < 253_402_300_799_000 and var time
            ? DateTimeOffset.FromUnixTimeMilliseconds(time)
            : DateTimeOffset.UnixEpoch;
}
