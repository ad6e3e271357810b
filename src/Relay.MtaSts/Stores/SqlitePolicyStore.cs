using Relay.Mail;
using Relay.MtaSts.Cache;
using Relay.Sqlite;

namespace Relay.MtaSts.Stores;

/// <summary>Policies in one SQLite file.</summary>
internal sealed class SqlitePolicyStore(PolicyDatabase database)
{
    // A domain that nobody mails any more shall not be asked for ever.
    private static readonly TimeSpan RefreshUnused = TimeSpan.FromDays(30);

    private const string Columns = "domain, id, text, fetched_at, refresh_at, used_at";
    private const string Identity = "identity";
    private const string Latest = "latest";

    /// <summary>What was found when the file was opened.</summary>
    public FileCondition Condition => database.Condition;

    /// <summary>How often the file was damaged and rebuilt.</summary>
    public int Rebuilds => database.Rebuilds;

    /// <summary>Throws <see cref="IOException"/> when the file is of a newer version.</summary>
    public void RequireKnownVersion() => database.RequireKnownVersion();

    /// <summary>What the store was given by <see cref="WriteIdentity"/>; null for a store that was begun anew since.</summary>
    public string? ReadIdentity() => Read(Identity) as string;

    /// <summary>Names the file of known policies that belongs to this store.</summary>
    public void WriteIdentity(string identity) => Write(Identity, identity);

    /// <summary>The greatest time that was ever written, to a day; null when none was.</summary>
    /// <param name="refreshInterval">How long after a fetch its policy is fetched again.</param>
    public DateTimeOffset? ReadLatest(TimeSpan refreshInterval) =>
        Read(Latest) is long latest ? DateTimeOffset.FromUnixTimeMilliseconds(latest) : database.Run(refreshInterval, static (connection, interval) =>
        {
            // All times follow the last fetch, and this one has an index.
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT MAX(refresh_at) FROM policy";
            return command.ExecuteScalar() is long refresh
                ? DateTimeOffset.FromUnixTimeMilliseconds(refresh) - interval
                : default(DateTimeOffset?);
        });

    /// <summary>Keeps the greatest time.</summary>
    public void WriteLatest(DateTimeOffset time) => Write(Latest, time.ToUnixTimeMilliseconds());

    /// <summary>What is known of a domain.</summary>
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
                        AND used_at > $now - MAX($unused, expires_at - fetched_at)
                    ORDER BY refresh_at LIMIT $limit
                    """;
                command.Parameters.AddWithValue("$now", ask.Now);
                command.Parameters.AddWithValue("$latest", ask.Latest);
                command.Parameters.AddWithValue("$unused", (long)RefreshUnused.TotalMilliseconds);
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

    /// <summary>Removes what expired and was last used before a time; returns how many policies.</summary>
    public ValueTask<int> PruneAsync(DateTimeOffset before, CancellationToken cancellationToken) =>
        new(database.Run(before.ToUnixTimeMilliseconds(), static (connection, before) =>
        {
            connection.Execute("DELETE FROM unknown WHERE since < $before", ("$before", before));
            return connection.Execute(
            "DELETE FROM policy WHERE expires_at < $before AND used_at < $before", ("$before", before));
        }));

    private object? Read(string setting) => database.Run(setting, static (connection, name) =>
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT value FROM setting WHERE name = $name";
        command.Parameters.AddWithValue("$name", name);
        return command.ExecuteScalar();
    });

    private void Write(string setting, object value) => database.Run((setting, value), static (connection, set) => connection.Execute(
        "INSERT INTO setting (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        ("$name", set.setting),
        ("$value", set.value)));

    private ValueTask SetAsync(string statement, DomainName domain, DateTimeOffset time)
    {
        database.Run((statement, domain, time), static (connection, set) => connection.Execute(
            set.statement, ("$domain", set.domain.Value), ("$time", set.time.ToUnixTimeMilliseconds())));
        return ValueTask.CompletedTask;
    }
}
