using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Relay.Queue.Storage;

/// <summary>
/// The kernel's lock on an open file; it ends with the process, however that ends. Taken by ourselves: the runtime has a setting
/// (DOTNET_SYSTEM_IO_DISABLEFILELOCKING) that takes none, and passes over a file system that has none.
/// </summary>
internal static class FileLock
{
    // LOCK_EX and LOCK_NB of flock(2), the same on every Unix.
    private const int ExclusiveAtOnce = 2 | 4;

    // EWOULDBLOCK.
    private static readonly int HeldByAnother = OperatingSystem.IsLinux() ? 11 : 35;

    /// <summary>
    /// Takes it; false when another process has it. Throws <see cref="IOException"/> where there are no locks: SQLite has none there
    /// either.
    /// </summary>
    public static bool TryTake(SafeFileHandle file)
    {
        if (Lock(file, ExclusiveAtOnce) == 0)
        {
            return true;
        }

        var error = Marshal.GetLastPInvokeError();
        if (error == HeldByAnother)
        {
            return false;
        }

        throw new IOException($"Files cannot be locked there: {Marshal.GetPInvokeErrorMessage(error)}");
    }

    [DllImport("libc", EntryPoint = "flock", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Lock(SafeFileHandle file, int operation);
}
