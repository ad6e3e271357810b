namespace Relay.Torture.DiskFaults;

/// <summary>A way in which the disk under the queue fails.</summary>
/// <param name="Name">Its name in the figures.</param>
/// <param name="Call">The call that fails; null for a disk that only loses its power.</param>
/// <param name="File">The end of the names of the files that are met.</param>
/// <param name="IsOnce">Only the first call fails.</param>
/// <param name="Error">The error's number.</param>
internal sealed record DiskFault(string Name, DiskCall? Call, string File, bool IsOnce = false, int Error = DiskFault.InputOutput)
{
    private const int InputOutput = 5;
    private const int NoSpace = 28;
    private const string Log = "queue.db-wal";
    private const string Database = "queue.db";

    /// <summary>All of them: commits fail in the log, checkpoints in the database; reads in both.</summary>
    public static IReadOnlyList<DiskFault> All { get; } =
    [
        new("none", null, string.Empty),
        new("commit-fsync", DiskCall.Sync, Log),
        new("commit-fsync-once", DiskCall.Sync, Log, IsOnce: true),
        new("checkpoint-fsync", DiskCall.Sync, Database),
        new("every-fsync", DiskCall.Sync, "*"),
        new("commit-write", DiskCall.Write, Log),
        new("commit-write-once", DiskCall.Write, Log, IsOnce: true),
        new("commit-full", DiskCall.Write, Log, Error: NoSpace),
        new("checkpoint-write", DiskCall.Write, Database),
        new("read-once", DiskCall.Read, Database, IsOnce: true),
        new("read", DiskCall.Read, Database),
        new("log-read", DiskCall.Read, Log),
    ];
}
