using System.Text;
using Relay.Sqlite;

namespace Relay.Submission;

/// <summary>Writes files that are for their owner's eyes alone.</summary>
internal static class OwnerOnlyFile
{
    /// <summary>Opens a file; one that is made is for its owner alone.</summary>
    public static FileStream Open(string path, FileMode mode) => new(
        path,
        new FileStreamOptions
        {
            Mode = mode,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });

    /// <summary>
    /// Replaces a file in one step: whoever reads it, also after a crash, sees it as it was or as it is to be. One at a time.
    /// </summary>
    public static void Replace(string path, string text)
    {
        var replacement = path + ".new";
        File.Delete(replacement);
        using (var file = Open(replacement, FileMode.CreateNew))
        {
            file.Write(Encoding.UTF8.GetBytes(text));
            StableStorage.Flush(file);
        }

        StableStorage.Replace(replacement, path);
    }
}
