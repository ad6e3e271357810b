using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>Connections to one SQLite file, set up for a queue.</summary>
internal class SqliteDataSource : DbDataSource
{
    /// <summary>
    /// The size of a page. A message of 10 kB fits into one of 16 KiB, which makes half as many writes as pages of 4 KiB.
    /// </summary>
    public const int PageOctets = 16_384;

    // auto_vacuum: pages freed by deliveries are taken by the next messages, so the file keeps the size of its largest
    // backlog; giving pages back would cost a second page write for each message.
    // synchronous=FULL: a commit returns when it is on stable storage (RFC 5321 §6.1).
    // wal_autocheckpoint: SQLite says nothing when one fails; the writer makes them, see CheckpointSchedule.
    // cache_size is per connection, in KiB when negative.
    private static readonly string Setup = $"""
        PRAGMA page_size={PageOctets};
        PRAGMA auto_vacuum=NONE;
        PRAGMA journal_mode=WAL;
        PRAGMA synchronous=FULL;
        PRAGMA wal_autocheckpoint=0;
        PRAGMA journal_size_limit=67108864;
        PRAGMA cache_size=-8192;
        """;

    // Another process (the sqlite3 tool) may hold the file for a moment.
    private const int BusyTimeoutSeconds = 5;

    private readonly string _setup;

    static SqliteDataSource() => SQLitePCL.Batteries_V2.Init();

    /// <summary>Names the file; nothing is opened yet.</summary>
    /// <param name="file">Its path.</param>
    /// <param name="maxPages">No more pages than this; 0 for no limit but the disk's.</param>
    public SqliteDataSource(string file, int maxPages = 0)
    {
        _setup = maxPages == 0 ? Setup : $"{Setup}PRAGMA max_page_count={maxPages};";

        // The store keeps its own connections open, so a pool would only keep the file open after the end.
        ConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Pooling = false,
            DefaultTimeout = BusyTimeoutSeconds,
        }.ToString();
    }

    /// <inheritdoc/>
    public override string ConnectionString { get; }

    /// <inheritdoc/>
    protected override DbConnection CreateDbConnection() => new SqliteConnection(ConnectionString);

    /// <summary>SQLite has no asynchronous calls.</summary>
    protected override ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult(OpenDbConnection());

    /// <inheritdoc/>
    protected override DbConnection OpenDbConnection()
    {
        var connection = CreateDbConnection();
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Made of constants and a number.
            command.CommandText = _setup;
#pragma warning restore CA2100
            command.ExecuteNonQuery();
            return connection;
        }
        catch (DbException)
        {
            connection.Dispose();
            throw;
        }
    }
}
