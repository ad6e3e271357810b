using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Relay.Sqlite;

/// <summary>
/// A SQLite file and its one connection. Calls take turns and block for the few microseconds of a read or the flush of
/// a write.
/// A file that is no longer a database is set aside and a new one begun: mail must go on.
/// </summary>
/// <param name="path">Where the file is; its directory is made when missing.</param>
/// <param name="schema">Statements that make the tables where there are none, and set <c>user_version</c> to 1.</param>
/// <param name="time">Names the files set aside.</param>
public abstract class SqliteFile(string path, string schema, TimeProvider time) : IDisposable
{
    /// <summary>SQLITE_CORRUPT.</summary>
    protected const int Corrupt = 11;

    private const int NotADatabase = 26;
    private const long SchemaVersion = 1;

    private const string Settings =
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA busy_timeout = 5000;
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
                var movedTo = SetAside(failure.Message);
                Rescue(movedTo);
                return work(Open(), state);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(disposing: true);
        GC.SuppressFinalize(this);
    }

    /// <summary>Closes the connection.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            lock (_gate)
            {
                _connection?.Dispose();
                _connection = null;
            }
        }
    }

    /// <summary>The file was damaged; it lies now under another name.</summary>
    protected abstract void OnSetAside(string file, string movedTo, string fault);

    /// <summary>
    /// Copies what can still be read of the damaged file. Reading throws <see cref="SqliteException"/> where the damage lies.
    /// </summary>
    protected virtual void Rescue(SqliteConnection damaged, SqliteConnection fresh)
    {
    }

    private void Rescue(string damagedFile)
    {
        // Only read: the damaged file stays as it is for whoever wants to look at it.
        var source = new SqliteConnectionStringBuilder { DataSource = damagedFile, Pooling = false, Mode = SqliteOpenMode.ReadOnly };
        using var damaged = new SqliteConnection(source.ConnectionString);
        try
        {
            damaged.Open();
            Rescue(damaged, Open());
        }
        catch (SqliteException)
        {
            // Nothing more can be read; that the file was set aside is logged.
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

            connection.Execute(Settings);
            connection.Execute(schema);
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
        var options = new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite,
        };
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

    private string SetAside(string fault)
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

        var movedTo = $"{path}.corrupt-{stamp}";
        OnSetAside(path, movedTo, fault);
        return movedTo;
    }
}
