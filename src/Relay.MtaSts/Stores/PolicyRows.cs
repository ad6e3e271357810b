using System.Text;
using Microsoft.Data.Sqlite;
using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Stores;

/// <summary>Rows of the policy table.</summary>
internal static class PolicyRows
{
    /// <summary>Reads all rows; a row that somebody else damaged is passed over, its policy can be fetched again.</summary>
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
