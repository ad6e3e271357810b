using Microsoft.Data.Sqlite;

namespace Relay.Tests.Commands;

/// <summary>Fills the store of a relay that is not running.</summary>
internal static class PolicyFile
{
    /// <summary>Copies a domain's policy to as many others.</summary>
    public static void Copy(string file, string domain, int count)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $count)
            INSERT INTO policy (domain, id, text, fetched_at, expires_at, refresh_at, used_at)
            SELECT 'd' || i || '.test', id, text, fetched_at, expires_at, refresh_at, used_at FROM policy, n WHERE domain = $domain
            """;
        command.Parameters.AddWithValue("$count", count);
        command.Parameters.AddWithValue("$domain", domain);
        command.ExecuteNonQuery();
    }
}
