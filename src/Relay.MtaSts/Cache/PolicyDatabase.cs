using System.Globalization;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace Relay.MtaSts.Cache;

/// <summary>
/// The SQLite file and its one connection. Calls take turns and block for the few microseconds of a read or the flush
/// of a write; writes are rare: one per policy fetched.
/// </summary>
internal sealed class PolicyDatabase(string path, TimeProvider time, ILogger<PolicyDatabase> logger) : IDisposable
{
    private const int Corrupt = 11;
    private const int NotADatabase = 26;
    private const long SchemaVersion = 1;

    private const string Schema =
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA busy_timeout = 5000;
        CREATE TABLE IF NOT EXISTS policy (
            domain TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL,
            fetched_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, refresh_at INTEGER NOT NULL, used_at INTEGER NOT NULL);
        CREATE INDEX IF NOT EXISTS policy_refresh ON policy (refresh_at, expires_at, domain);
        CREATE TABLE IF NOT EXISTS unknown (domain TEXT PRIMARY KEY NOT NULL, since INTEGER NOT NULL);
        PRAGMA user_version = 1;
        """;

    private readonly Lock _gate = new();
    private SqliteConnection? _connection;

    /// <summary>
    /// Runs work on the connection; a database found corrupt is set aside and the work done on a new one.
    /// </summary>
    public TResult Run<TState, TResult>(TState state, Func<SqliteConnection, TState, TResult> work)
    {
        lock (_gate)
        {
            try
            {
                return work(Open(), state);
            }
            catch (SqliteException failure) when (failure.SqliteErrorCode is Corrupt or NotADatabase)
            {
                SetAside(failure.Message);
                return work(Open(), state);
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _connection?.Dispose();
            _connection = null;
        }
    }

    private SqliteConnection Open()
    {
        if (_connection is not null)
        {
            return _connection;
        }

        SQLitePCL.Batteries_V2.Init();
        CreateFile();
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            if (Version(connection) > SchemaVersion)
            {
                throw new SqliteException("the file was written by a newer version of the relay", NotADatabase);
            }

            PolicyRows.Execute(connection, Schema);
        }
        catch
        {
            connection.Dispose();
            throw;
        }

        _connection = connection;
        return connection;
    }

    private static long Version(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        return (long)command.ExecuteScalar()!;
    }

    // SQLite gives its side files the mode of the database, so the file is made first, for the owner alone.
    private void CreateFile()
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(
                directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using var file = new FileStream(path, options);
    }

    private void SetAside(string fault)
    {
        _connection?.Dispose();
        _connection = null;
        var stamp = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        foreach (var suffix in (ReadOnlySpan<string>)["", "-wal", "-shm"])
        {
            if (File.Exists(path + suffix))
            {
                File.Move(path + suffix, $"{path}.corrupt-{stamp}{suffix}", overwrite: true);
            }
        }

        logger.StoreSetAside(path, $"{path}.corrupt-{stamp}", fault);
    }
}
