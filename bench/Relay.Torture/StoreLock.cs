namespace Relay.Torture;

/// <summary>
/// Holds the write lock of a SQLite file in WAL mode, as another process that writes for a while would: octet 120 of the
/// file's shared-memory index (<see href="https://www.sqlite.org/walformat.html"/>, §2.3, WAL_WRITE_LOCK).
/// </summary>
internal sealed class StoreLock : IDisposable
{
    private const int WriteLock = 120;

    private readonly FileStream _index;

    private StoreLock(FileStream index) => _index = index;

    /// <summary>Null when there is no such file or its owner is writing at this moment.</summary>
    public static StoreLock? TryTake(string database)
    {
        FileStream? index = null;
        try
        {
            index = new FileStream($"{database}-shm", FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
#pragma warning disable CA1416 // The torture runs where SIGKILL does.
            index.Lock(WriteLock, 1);
#pragma warning restore CA1416
            return new StoreLock(index);
        }
        catch (IOException)
        {
            index?.Dispose();
            return null;
        }
    }

    public void Dispose() => _index.Dispose();
}
