using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Relay.Sqlite;

/// <summary>
/// Puts files on stable storage and says so when that fails. The runtime's own calls, FileStream.Flush(true) and
/// RandomAccess.FlushToDisk, swallow the answer of a failing fsync before version 10.0.15.
/// </summary>
public static class StableStorage
{
    private const int Interrupted = 4;
    private const int InvalidArgument = 22;

    /// <summary>Writes a file's buffer and waits until the disk has it. Throws <see cref="IOException"/> when the disk does not say so.</summary>
    public static void Flush(FileStream file)
    {
        file.Flush();
        if (Sync(file.SafeFileHandle) is var error && error != 0)
        {
            throw Failure(file.Name, error);
        }
    }

    /// <summary>Waits until the names made, changed and removed in a directory are on the disk.</summary>
    public static void FlushDirectory(string directory)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var handle = OpenReading(Encoding.UTF8.GetBytes(directory + '\0'), 0);
        if (handle.IsInvalid)
        {
            throw Failure(directory, Marshal.GetLastPInvokeError());
        }

        // Some file systems know no fsync of a directory; there is nothing that a program could do about it.
        if (Sync(handle) is var error && error is not (0 or InvalidArgument))
        {
            throw Failure(directory, error);
        }
    }

    /// <summary>Gives a finished file the name of another in one step, for good.</summary>
    public static void Replace(string finished, string file)
    {
        File.Move(finished, file, overwrite: true);
        FlushDirectory(Path.GetDirectoryName(Path.GetFullPath(file))!);
    }

    private static int Sync(SafeFileHandle handle)
    {
        if (OperatingSystem.IsWindows())
        {
#pragma warning disable RS0030 // There it tells of a failure.
            RandomAccess.FlushToDisk(handle);
#pragma warning restore RS0030
            return 0;
        }

        while (FileSync(handle) != 0)
        {
            if (Marshal.GetLastPInvokeError() is var error && error != Interrupted)
            {
                return error;
            }
        }

        return 0;
    }

    private static IOException Failure(string name, int error) =>
        new($"{name} could not be put on stable storage: {new Win32Exception(error).Message}");

    [DllImport("libc", EntryPoint = "fsync", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int FileSync(SafeFileHandle file);

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern SafeFileHandle OpenReading(byte[] path, int flags);
}
