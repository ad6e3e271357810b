using System.Globalization;
using Relay.Queue.Storage;
using Relay.Sqlite;

namespace Relay.Queue.Recovery;

/// <summary>
/// Takes everything that can be read of a damaged queue into a fresh store. Page by page, for a row is whole or not whatever has become of
/// the pages that once led to it. Nothing is written to the damaged files; they are renamed when the fresh store is complete.
/// </summary>
public sealed class QueueRecovery(string file, DateTimeOffset now)
{
    private static readonly string[] Suffixes = [string.Empty, WriteAheadLog.Suffix, "-shm"];

    private readonly string _fresh = file + ".recovering";

    // The fresh store under this name is complete: whoever ends between the renames loses nothing, for the next run goes on there.
    private readonly string _complete = file + ".recovered";
    private readonly string _damaged = string.Create(CultureInfo.InvariantCulture, $"{file}.damaged-{now.UtcDateTime:yyyyMMdd'T'HHmmss'Z'}");

    /// <summary>
    /// Runs it, or ends one that was killed between its renames. The data directory must be locked by the caller, and marked as one that has
    /// a queue. Throws <see cref="IOException"/> or a database's exception when the fresh store cannot be written; all is as before then.
    /// </summary>
    public QueueRecoveryReport Run(CancellationToken cancellationToken)
    {
        var isDone = File.Exists(_complete) && new FileInfo(file) is not { Exists: true, Length: > 0 };
        var report = isDone ? ReportAgain() : Fill(cancellationToken);
        if (isDone)
        {
            // What opening the directory makes, in place of the file that was moved.
            File.Delete(file);
        }

        foreach (var suffix in Suffixes.Where(suffix => File.Exists(file + suffix)))
        {
            File.Move(file + suffix, _damaged + suffix);
        }

        StableStorage.Replace(_complete, file);
        return report;
    }

    private QueueRecoveryReport ReportAgain()
    {
        using var fresh = new RebuiltStore(_complete);
        return fresh.Report(_damaged) with { WasDoneBefore = true };
    }

    private QueueRecoveryReport Fill(CancellationToken cancellationToken)
    {
        foreach (var suffix in Suffixes)
        {
            File.Delete(_fresh + suffix);
        }

        QueueDirectory.MakeOwned(_fresh);
        QueueRecoveryReport report;
        using (var damaged = new DamagedFile(file))
        using (var fresh = new RebuiltStore(_fresh))
        {
            Collect(damaged, fresh, cancellationToken);
            report = fresh.Complete(_damaged, Export) with { IsLogDoubtful = damaged.IsLogDoubtful };
        }

        // SQLite says nothing when it finds no room to move its log into the file at the end; the file alone would be cut short.
        if (File.Exists(_fresh + WriteAheadLog.Suffix))
        {
            throw new IOException($"{_fresh} could not be written whole; make room on the disk");
        }

        StableStorage.Replace(_fresh, _complete);
        return report;
    }

    private static void Collect(DamagedFile damaged, RebuiltStore fresh, CancellationToken cancellationToken)
    {
        var rows = new PageRows(damaged);
        var free = new HashSet<uint>();
        var inUse = damaged.TryReadFree(free) ? null : Reachable(damaged, fresh.Roots);
        CollectFrom(number => inUse?.Contains(number) ?? !free.Contains(number), isCertain: true);
        if (inUse is not null)
        {
            // Last, for of two rows under one key the first stays: a page that is free now may hold what a row was before.
            CollectFrom(number => !inUse.Contains(number), isCertain: false);
        }

        void CollectFrom(Predicate<uint> isWanted, bool isCertain)
        {
            var page = new byte[DamagedFile.PageSize];
            for (var number = 1u; number <= damaged.PageCount; number++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (!isWanted(number) || !damaged.TryRead(number, page))
                {
                    continue;
                }

                foreach (var row in rows.Read(page, number))
                {
                    if (RowKinds.Of(row) is not RowKind.Other and var kind)
                    {
                        fresh.Add(kind, row, isCertain);
                    }
                }
            }
        }
    }

    // Without the list of free pages only what the tables still lead to is known to be in use.
    private static HashSet<uint> Reachable(DamagedFile damaged, IReadOnlyList<uint> roots)
    {
        var found = new HashSet<uint>();
        var open = new Stack<uint>(roots);
        var page = new byte[DamagedFile.PageSize];
        while (open.TryPop(out var number))
        {
            if (damaged.TryRead(number, page) && found.Add(number))
            {
                foreach (var child in PageRows.Children(page, number))
                {
                    open.Push(child);
                }
            }
        }

        return found;
    }

    private void Export(QueueId id, IEnumerable<byte[]> pieces)
    {
        var directory = _damaged + ".lost";
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var path = Path.Combine(directory, $"{id}.eml");
        QueueDirectory.MakeOwned(path);
        using var target = new FileStream(path, FileMode.Truncate);
        foreach (var piece in pieces)
        {
            target.Write(piece);
        }

        StableStorage.Flush(target);
    }
}
