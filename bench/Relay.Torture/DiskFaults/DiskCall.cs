namespace Relay.Torture.DiskFaults;

/// <summary>A call to the disk that can fail.</summary>
public enum DiskCall
{
    /// <summary>fsync and fdatasync, of a file with dirty pages: they are marked clean and are on no disk, as Linux has it.</summary>
    Sync = 0,

    /// <summary>pwrite and ftruncate.</summary>
    Write,

    /// <summary>pread.</summary>
    Read,
}
