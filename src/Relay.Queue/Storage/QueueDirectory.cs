using Relay.Sqlite;

namespace Relay.Queue.Storage;

/// <summary>The directory that holds the queue, ours alone as long as this object lives.</summary>
public sealed class QueueDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _lock;

    private QueueDirectory(string path, FileStream held)
    {
        _lock = held;
        WasMade = held.Length > 0;
        QueueFile = Path.Combine(path, "queue.db");
    }

    /// <summary>
    /// A queue was kept here before, which the lock file says: an empty database is then a loss, not a beginning.
    /// </summary>
    public bool WasMade { get; }

    /// <summary>The database file; exists, with mode 0600.</summary>
    public string QueueFile { get; }

    /// <summary>
    /// Makes the directory (mode 0700) when missing and locks it. Throws <see cref="IOException"/> when another process
    /// holds it.
    /// </summary>
    public static QueueDirectory Open(string path)
    {
        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        var held = OpenLock(path);
        try
        {
            if (!FileLock.TryTake(held.SafeFileHandle))
            {
                throw InUse(path, cause: null);
            }
        }
        catch
        {
            held.Dispose();
            throw;
        }

        var directory = new QueueDirectory(path, held);

        // SQLite gives its journal files the mode of the database file, so it is enough to make that one.
        MakeOwned(directory.QueueFile);
        return directory;
    }

    /// <summary>A queue is kept here from now on.</summary>
    public void MarkMade()
    {
        if (!WasMade)
        {
            _lock.Write("A relay keeps its queue here.\n"u8);
            StableStorage.Flush(_lock);
            StableStorage.FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(QueueFile))!);
        }
    }

    /// <summary>Lets another process have it.</summary>
    public void Dispose() => _lock.Dispose();

    /// <summary>Makes a file that only its owner may read, where there is none.</summary>
    public static void MakeOwned(string file) => OpenOwned(file, FileShare.ReadWrite).Dispose();

    // The runtime locks too, unless it is told not to.
    private static FileStream OpenLock(string path)
    {
        try
        {
            return OpenOwned(Path.Combine(path, "queue.lock"), FileShare.None);
        }
        catch (IOException cause)
        {
            throw InUse(path, cause);
        }
    }

    private static IOException InUse(string path, IOException? cause) => new(
        $"Another relay runs on the data directory {Path.GetFullPath(path)} (its queue.lock is held); stop it, or set "
        + "Relay:DataDirectory to a directory of this relay's own",
        cause);

    private static FileStream OpenOwned(string file, FileShare share) => new(
        file,
        new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = share,
            UnixCreateMode = OwnerOnly,
        });
}
