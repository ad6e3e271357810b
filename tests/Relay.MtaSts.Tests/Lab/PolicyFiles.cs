using Microsoft.Data.Sqlite;

namespace Relay.MtaSts.Tests.Lab;

/// <summary>What befalls the files in which policies are kept.</summary>
internal static class PolicyFiles
{
    private static readonly string[] Suffixes = ["", "-wal", "-shm"];

    /// <summary>Does something to the store of a relay that has ended.</summary>
    public static void Damage(StsLab lab, string what)
    {
        var file = lab.DatabaseFile;
        switch (what)
        {
            case "zeros-in-front":
                Overwrite(file, new byte[100]);
                break;
            case "length-0":
                Delete(file);
                File.WriteAllBytes(file, []);
                break;
            case "directory":
                Delete(file);
                Directory.CreateDirectory(file);
                break;
            case "gone":
                Delete(file);
                break;
            case "garbage":
                Delete(file);
                File.WriteAllText(file, string.Concat(Enumerable.Repeat("no database ", 2_000)));
                break;
            case "rows-gone":
                Execute(file, "DELETE FROM policy");
                break;
            case "another":
                // A store that knows nothing of the file beside it, with another's policy.
                Execute(file, "UPDATE policy SET domain = 'another.test'; DELETE FROM setting");
                break;
            default:
                throw new ArgumentException(what, nameof(what));
        }
    }

    /// <summary>Runs statements on a store.</summary>
    public static void Execute(string file, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own constants.
        command.CommandText = sql;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    /// <summary>Every file below a directory, with what is in it.</summary>
    public static IReadOnlyList<string> Contents(string directory) =>
    [
        .. Directory.EnumerateFileSystemEntries(directory, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)
            .Select(path => File.Exists(path)
                ? $"{path} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(Read(path)))} {File.GetUnixFileMode(path)}"
                : path),
    ];

    private static byte[] Read(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var octets = new byte[file.Length];
        file.ReadExactly(octets);
        return octets;
    }

    private static void Overwrite(string file, byte[] octets)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.Write(octets);
    }

    private static void Delete(string file)
    {
        foreach (var suffix in Suffixes)
        {
            File.Delete(file + suffix);
        }
    }
}
