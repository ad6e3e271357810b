namespace Relay.Queue;

/// <summary>The directory that holds the queue, ours alone as long as this object lives.</summary>
internal sealed class QueueDirectory : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly FileStream _lock;

    private QueueDirectory(string path, FileStream held)
    {
        _lock = held;
        QueueFile = Path.Combine(path, "queue.db");
    }

    /// <summary>The database file; exists, with mode 0600.</summary>
    public string QueueFile { get; }

    /// <summary>
    /// Makes the directory (mode 0700) when missing and locks it. Throws <see cref="IOException"/> when another process
    /// holds it.
    /// </summary>
    public static QueueDirectory Open(string path)
    {
        Directory.CreateDirectory(path, OwnerOnly | UnixFileMode.UserExecute);
        FileStream held;
        try
        {
            held = OpenOwned(Path.Combine(path, "queue.lock"), FileShare.None);
        }
        catch (IOException error)
        {
            throw new IOException(
                $"Another relay runs on the data directory {Path.GetFullPath(path)} (its queue.lock is held); stop it, or set "
                + "Relay:DataDirectory to a directory of this relay's own",
                error);
        }

        var directory = new QueueDirectory(path, held);

        // SQLite gives its journal files the mode of the database file, so it is enough to make that one.
        OpenOwned(directory.QueueFile, FileShare.ReadWrite).Dispose();
        return directory;
    }

    /// <summary>Lets another process have it.</summary>
    public void Dispose() => _lock.Dispose();

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
