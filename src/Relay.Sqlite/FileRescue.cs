using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Relay.Sqlite;

/// <summary>
/// Puts what can be read of a damaged database into a fresh file, and that in its place once it is whole and on the disk. Whenever the
/// process dies, either the damaged file is still where it was or the fresh one is complete, and the next start goes on from there.
/// </summary>
internal sealed class FileRescue(string path, TimeProvider time)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    private readonly string _fresh = path + ".rescue";

    // A copy of the damaged file with a header.
    private readonly string _mended = path + ".rescue-source";

    // The fresh file under this name is complete.
    private readonly string _complete = path + ".rescued";

    /// <summary>Makes a file for its owner alone, where there is none; SQLite gives its side files the mode of the database.</summary>
    public static void MakeOwned(string file)
    {
        var directory = Path.GetDirectoryName(Path.GetFullPath(file))!;
        var options = new FileStreamOptions { Mode = FileMode.OpenOrCreate, Access = FileAccess.ReadWrite, Share = FileShare.ReadWrite };
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(directory);
        }
        else
        {
            Directory.CreateDirectory(directory, OwnerOnly | UnixFileMode.UserExecute);
            options.UnixCreateMode = OwnerOnly;
        }

        using var made = new FileStream(file, options);
    }

    /// <summary>Makes the fresh file. Throws what writing it throws; nothing is changed then.</summary>
    public void Fill(string source, string schema, Action<SqliteConnection, SqliteConnection> copy)
    {
        DeleteFresh();
        MakeOwned(_fresh);
        try
        {
            // In SQLite's first journal mode: nothing lies beside the file once the transaction is over.
            using (var fresh = Open(_fresh, SqliteOpenMode.ReadWrite))
            {
                fresh.Execute("PRAGMA synchronous = FULL");
                fresh.Execute(schema);
                MakeOwned(_mended);
                using var damaged = Open(LostHeader.TryMend(source, _mended) ? _mended : source, SqliteOpenMode.ReadOnly);
                copy(damaged, fresh);
            }

            StableStorage.Replace(_fresh, _complete);
        }
        finally
        {
            DeleteFresh();
        }
    }

    /// <summary>Puts the fresh file in its place; returns where the damaged one lies now.</summary>
    /// <param name="keepDamaged">Keep what was in its place, under another name.</param>
    public string Install(bool keepDamaged)
    {
        var stamp = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        var movedTo = $"{path}.corrupt-{stamp}";
        foreach (var suffix in Suffixes.Where(suffix => File.Exists(path + suffix)))
        {
            if (keepDamaged)
            {
                File.Move(path + suffix, movedTo + suffix, overwrite: true);
            }
            else
            {
                File.Delete(path + suffix);
            }
        }

        StableStorage.Replace(_complete, path);
        return movedTo;
    }

    /// <summary>Ends an installation that was killed between its renames.</summary>
    public void FinishInstall()
    {
        if (File.Exists(_complete))
        {
            Install(keepDamaged: true);
        }
    }

    /// <summary>The file that was set aside last; null for none.</summary>
    public string? FindLeftOver()
    {
        var full = Path.GetFullPath(path);
        return Directory.EnumerateFiles(Path.GetDirectoryName(full)!, $"{Path.GetFileName(full)}.corrupt-*")
            .Where(file => !file.EndsWith("-wal", StringComparison.Ordinal) && !file.EndsWith("-shm", StringComparison.Ordinal))
            .Max(StringComparer.Ordinal);
    }

    private static SqliteConnection Open(string file, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(
            new SqliteConnectionStringBuilder { DataSource = file, Pooling = false, Mode = mode }.ConnectionString);
        connection.Open();
        return connection;
    }

    private void DeleteFresh()
    {
        foreach (var suffix in (ReadOnlySpan<string>)["", "-journal", "-wal", "-shm"])
        {
            File.Delete(_fresh + suffix);
            File.Delete(_mended + suffix);
        }
    }
}
