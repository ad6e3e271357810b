using Relay.Mail;
using Relay.Sqlite;

namespace Relay.MtaSts.Cache;

/// <summary>
/// Policies in one SQLite file. A file that is no longer a database is set aside and a new one begun: policies can be fetched
/// again, mail must go on.
/// </summary>
internal sealed class SqlitePolicyStore(PolicyDatabase database) : IPolicyStore
{
    private const string Columns = "domain, id, text, fetched_at, refresh_at, used_at";

    public ValueTask<StoredDomain> LoadAsync(DomainName domain, CancellationToken cancellationToken) =>
        new(database.Run(domain, static (connection, domain) =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT {Columns} FROM policy WHERE domain = $domain";
            command.Parameters.AddWithValue("$domain", domain.Value);
            var policy = PolicyRows.Read(command).FirstOrDefault();
            command.CommandText = "SELECT since FROM unknown WHERE domain = $domain";
            return new StoredDomain(
                policy, command.ExecuteScalar() is long since ? DateTimeOffset.FromUnixTimeMilliseconds(since) : null);
        }));

    public ValueTask SaveAsync(StoredPolicy policy, CancellationToken cancellationToken)
    {
        // One statement, one transaction: whenever the process dies, the row is the old one or the new one.
        database.Run(policy, static (connection, row) => connection.Execute(
            $"""
            INSERT INTO policy ({Columns}, expires_at) VALUES ($domain, $id, $text, $fetched, $refresh, $used, $expires)
            ON CONFLICT (domain) DO UPDATE SET id = excluded.id, text = excluded.text, fetched_at = excluded.fetched_at,
                refresh_at = excluded.refresh_at, used_at = excluded.used_at, expires_at = excluded.expires_at
            """,
            ("$domain", row.Policy.Domain.Value),
            ("$id", row.Policy.Id),
            ("$text", row.Policy.Policy.Text),
            ("$fetched", row.Policy.FetchedAt.ToUnixTimeMilliseconds()),
            ("$refresh", row.RefreshAt.ToUnixTimeMilliseconds()),
            ("$used", row.UsedAt.ToUnixTimeMilliseconds()),
            ("$expires", row.Policy.ExpiresAt.ToUnixTimeMilliseconds())));
        return ValueTask.CompletedTask;
    }

    public ValueTask PostponeAsync(DomainName domain, DateTimeOffset refreshAt, CancellationToken cancellationToken) =>
        SetAsync("UPDATE policy SET refresh_at = $time WHERE domain = $domain", domain, refreshAt);

    public ValueTask<bool> TouchAsync(DomainName domain, DateTimeOffset usedAt, CancellationToken cancellationToken) =>
        new(database.Run((domain, usedAt), static (connection, used) => connection.Execute(
            "UPDATE policy SET used_at = $time WHERE domain = $domain",
            ("$domain", used.domain.Value), ("$time", used.usedAt.ToUnixTimeMilliseconds())) > 0));

    public ValueTask SetUnknownAsync(DomainName domain, DateTimeOffset? since, CancellationToken cancellationToken)
    {
        if (since is { } time)
        {
            return SetAsync(
                "INSERT INTO unknown (domain, since) VALUES ($domain, $time) ON CONFLICT (domain) DO NOTHING", domain, time);
        }

        database.Run(domain, static (connection, domain) =>
            connection.Execute("DELETE FROM unknown WHERE domain = $domain", ("$domain", domain.Value)));
        return ValueTask.CompletedTask;
    }

    public ValueTask<bool> RemoveAsync(DomainName domain, CancellationToken cancellationToken) =>
        new(database.Run(domain, static (connection, domain) =>
        {
            var unknown = connection.Execute("DELETE FROM unknown WHERE domain = $domain", ("$domain", domain.Value));
            var policy = connection.Execute("DELETE FROM policy WHERE domain = $domain", ("$domain", domain.Value));
            return unknown + policy > 0;
        }));

    public ValueTask<IReadOnlyList<DomainName>> ListDueAsync(
        DateTimeOffset now, DateTimeOffset latest, int limit, CancellationToken cancellationToken) =>
        new(database.Run<(long Now, long Latest, int Limit), IReadOnlyList<DomainName>>(
            (now.ToUnixTimeMilliseconds(), latest.ToUnixTimeMilliseconds(), limit),
            static (connection, ask) =>
            {
                using var command = connection.CreateCommand();
                command.CommandText =
                    """
                    SELECT domain FROM policy WHERE (refresh_at <= $now OR refresh_at > $latest) AND expires_at > $now
                    ORDER BY refresh_at LIMIT $limit
                    """;
                command.Parameters.AddWithValue("$now", ask.Now);
                command.Parameters.AddWithValue("$latest", ask.Latest);
                command.Parameters.AddWithValue("$limit", ask.Limit);
                var due = new List<DomainName>();
                using var reader = command.ExecuteReader();
                while (reader.Read())
                {
                    if (DomainName.TryParse(reader.GetString(0), out var domain))
                    {
                        due.Add(domain);
                    }
                }

                return due;
            }));

    public ValueTask<IReadOnlyList<CachedPolicy>> ListAsync(DomainName after, int limit, CancellationToken cancellationToken) =>
        new(database.Run<(string After, int Limit), IReadOnlyList<CachedPolicy>>((after.Value, limit), static (connection, ask) =>
        {
            using var command = connection.CreateCommand();
            command.CommandText = $"SELECT {Columns} FROM policy WHERE domain > $after ORDER BY domain LIMIT $limit";
            command.Parameters.AddWithValue("$after", ask.After);
            command.Parameters.AddWithValue("$limit", ask.Limit);
            return [.. PolicyRows.Read(command).Select(row => row.Policy)];
        }));

    public ValueTask<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        new(database.Run(before.ToUnixTimeMilliseconds(), static (connection, before) =>
        {
            connection.Execute("DELETE FROM unknown WHERE since < $before", ("$before", before));
            return connection.Execute(
            "DELETE FROM policy WHERE expires_at < $before AND used_at < $before", ("$before", before));
        }));

    private ValueTask SetAsync(string statement, DomainName domain, DateTimeOffset time)
    {
        database.Run((statement, domain, time), static (connection, set) => connection.Execute(
            set.statement, ("$domain", set.domain.Value), ("$time", set.time.ToUnixTimeMilliseconds())));
        return ValueTask.CompletedTask;
    }
}
