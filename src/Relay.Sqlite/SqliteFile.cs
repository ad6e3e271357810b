using Microsoft.Data.Sqlite;

namespace Relay.Sqlite;

/// <summary>
/// A SQLite file and its one connection. Calls take turns and block for the few microseconds of a read or the flush of a write. What can be
/// read of a file that turns out to be damaged is put into a new one, and the damaged one set aside: mail must go on.
/// </summary>
/// <param name="path">Where the file is; its directory is made when missing.</param>
/// <param name="schema">Statements that make the tables where there are none, and set <c>user_version</c> to 1.</param>
/// <param name="time">Names the files set aside.</param>
public abstract class SqliteFile(string path, string schema, TimeProvider time) : IDisposable
{
    /// <summary>SQLITE_CORRUPT.</summary>
    protected const int Corrupt = 11;

    private const int OtherSchema = 17;
    private const int NotADatabase = 26;
    private const long SchemaVersion = 1;

    private const string Settings =
        """
        PRAGMA journal_mode = WAL;
        PRAGMA synchronous = FULL;
        PRAGMA busy_timeout = 5000;
        """;

    // A disk without room for what is rescued does not get any in the next millisecond.
    private static readonly TimeSpan RescuePause = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();
    private readonly FileRescue _rescue = new(path, time);
    private SqliteConnection? _connection;
    private (string Text, long Since)? _failedRescue;

    /// <summary>The file is another program's: it is read, and nothing is written, made or moved, whatever is found.</summary>
    public bool IsReadOnly { get; init; }

    /// <summary>What was found; damage found later counts too.</summary>
    public FileCondition Condition { get; private set; }

    /// <summary>How often it was damaged and rebuilt since.</summary>
    public int Rebuilds { get; private set; }

    /// <summary>
    /// Runs work on the connection; of a database found damaged what can be read is put into a new one, and the work done there.
    /// </summary>
    public TResult Run<TState, TResult>(TState state, Func<SqliteConnection, TState, TResult> work)
    {
        lock (_gate)
        {
            try
            {
                return work(Open(), state);
            }
            catch (SqliteException failure) when (!IsReadOnly && IsDamage(failure))
            {
                Rebuild(failure.Message);
                return work(Open(), state);
            }
        }
    }

    /// <summary>
    /// Throws <see cref="IOException"/> when the file is of a newer version of the relay, which is to be run again: a program that began
    /// anew would forget all of it. Other faults are left to who reads.
    /// </summary>
    public void RequireKnownVersion()
    {
        try
        {
            Run(0, static (_, state) => state);
        }
        catch (SqliteException failure) when (failure.SqliteErrorCode == OtherSchema)
        {
            throw new IOException(failure.Message, failure);
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            // Every reader meets it again, and tells.
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
                Close();
            }
        }
    }

    /// <summary>Damage of the file itself, not a disk that is full or out of order.</summary>
    protected static bool IsDamage(SqliteException failure) => failure.SqliteErrorCode is Corrupt or NotADatabase;

    /// <summary>The file was damaged; it lies now under another name.</summary>
    protected abstract void OnSetAside(string file, string movedTo, string fault);

    /// <summary>
    /// Copies what can still be read of the damaged file; only <see cref="IsDamage"/> of that may be passed over. What else is thrown ends
    /// the rescue, and all is left as it was.
    /// </summary>
    protected virtual void Rescue(SqliteConnection damaged, SqliteConnection fresh)
    {
    }

    /// <summary>There are tables, and nothing in those that matter.</summary>
    protected virtual bool IsEmpty(SqliteConnection connection) => false;

    private void Rebuild(string fault)
    {
        Close();
        Fill(path, fault);
        var movedTo = _rescue.Install(keepDamaged: true);
        (Condition, Rebuilds) = (FileCondition.Damaged, Rebuilds + 1);
        OnSetAside(path, movedTo, fault);
    }

    // Only read: the damaged file stays as it is until the new one is whole, and for whoever wants to look at it.
    private void Fill(string source, string fault)
    {
        if (_failedRescue is { } failed && time.GetElapsedTime(failed.Since) < RescuePause)
        {
            throw new IOException(failed.Text);
        }

        try
        {
            _rescue.Fill(source, schema, Rescue);
            _failedRescue = null;
        }
        catch (Exception failure) when (failure is SqliteException or IOException or UnauthorizedAccessException)
        {
            var text = $"{source} is damaged ({fault}), and what it holds could not be saved: {failure.Message}. It is left as it is";
            _failedRescue = (text, time.GetTimestamp());
            throw new IOException(text, failure);
        }
    }

    private SqliteConnection Open()
    {
        if (_connection is not null)
        {
            return _connection;
        }

        SQLitePCL.Batteries_V2.Init();
        if (IsReadOnly)
        {
            _connection = OpenReading();
            Condition = FileCondition.Sound;
            return _connection;
        }

        _rescue.FinishInstall();
        var connection = Connect(out var found);
        if (found is FileCondition.New or FileCondition.Blank or FileCondition.Empty && _rescue.FindLeftOver() is { } damaged)
        {
            // A relay that set it aside and ended before it had read it.
            connection.Dispose();
            Fill(damaged, "set aside before");
            _rescue.Install(keepDamaged: false);
            connection = Connect(out var rescued);
            found = rescued == FileCondition.Sound ? FileCondition.Damaged : found;
        }

        Condition = Condition == FileCondition.Damaged ? Condition : found;
        _connection = connection;
        return connection;
    }

    private SqliteConnection Connect(out FileCondition found)
    {
        var existed = File.Exists(path);
        FileRescue.MakeOwned(path);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ConnectionString);
        try
        {
            connection.Open();
            var version = CheckVersion(connection);
            connection.Execute(Settings);
            connection.Execute(schema);
            found = version == 0
                ? (existed ? FileCondition.Blank : FileCondition.New)
                : (IsEmpty(connection) ? FileCondition.Empty : FileCondition.Sound);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // Opened as usual SQLite would make a log and an index beside the file, root's where root asks. Without a log it needs neither; with one
    // it reads the index that is there, or keeps its own in memory.
    private SqliteConnection OpenReading()
    {
        var hasLog = new FileInfo(path + "-wal") is { Exists: true, Length: > 0 };
        var address = $"{new Uri(Path.GetFullPath(path)).AbsoluteUri}?{(hasLog ? "readonly_shm=1" : "immutable=1")}";
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder
        {
            DataSource = address,
            Pooling = false,
            Mode = SqliteOpenMode.ReadOnly,
        }.ConnectionString);
        try
        {
            connection.Open();
            CheckVersion(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private long CheckVersion(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA user_version";
        var version = (long)command.ExecuteScalar()!;
        return version <= SchemaVersion
            ? version
            : throw new SqliteException(
                $"{Path.GetFullPath(path)} has version {version}, but this relay knows version {SchemaVersion}; run the relay that wrote it again",
                OtherSchema);
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
