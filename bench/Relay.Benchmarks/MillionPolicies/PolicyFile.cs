using System.Globalization;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Relay.MtaSts.Stores;

namespace Relay.Benchmarks.MillionPolicies;

/// <summary>A store with as many policies as the promise speaks of.</summary>
internal static class PolicyFile
{
    public const int Policies = 1_000_000;

    /// <summary>Makes it, in one transaction.</summary>
    public static void Fill(string path)
    {
        using var database = new PolicyDatabase(path, TimeProvider.System, NullLogger<PolicyDatabase>.Instance);
        database.Run(0, (connection, _) =>
        {
            using var transaction = connection.BeginTransaction();
            using var command = connection.CreateCommand();
            command.CommandText =
                "INSERT INTO policy (domain, id, text, fetched_at, expires_at, refresh_at, used_at) "
                + "VALUES ($domain, $id, $text, $now, $expires, $refresh, $now)";
            var now = TimeProvider.System.GetUtcNow();
            var domain = command.Parameters.Add("$domain", SqliteType.Text);
            command.Parameters.AddWithValue("$id", SameRecordResolver.Id);
            command.Parameters.AddWithValue("$text", Encoding.ASCII.GetString(PolicyBenchmarks.FiveLines));
            command.Parameters.AddWithValue("$now", now.ToUnixTimeMilliseconds());
            command.Parameters.AddWithValue("$expires", now.AddDays(7).ToUnixTimeMilliseconds());
            command.Parameters.AddWithValue("$refresh", now.AddDays(1).ToUnixTimeMilliseconds());
            for (var number = 0; number < Policies; number++)
            {
                domain.Value = NameOf(number);
                command.ExecuteNonQuery();
            }

            transaction.Commit();
            return 0;
        });
    }

    /// <summary>The domain of a policy.</summary>
    public static string NameOf(int number) => string.Create(CultureInfo.InvariantCulture, $"domain{number:D7}.test");
}
