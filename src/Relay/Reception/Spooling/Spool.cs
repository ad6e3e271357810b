using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Queue;

namespace Relay.Reception.Spooling;

/// <summary>Where messages are kept while they arrive: memory for small ones, a temporary file for the rest.</summary>
internal sealed class Spool
{
    /// <summary>A message larger than this moves to a file.</summary>
    public const int MemoryLimit = 1024 * 1024;

    private const long TotalMemory = 128L * 1024 * 1024;

    private readonly string _directory;
    private readonly IDiskRoom _disk;

    public Spool(IOptions<RelayOptions> options, IDiskRoom disk)
    {
        _directory = Path.Combine(options.Value.DataDirectory, "spool");
        _disk = disk;
        Shares = new SpoolShares(options.Value.MaxSpoolBytesPerClient);
    }

    /// <summary>What each client has on the disk.</summary>
    public SpoolShares Shares { get; }

    /// <summary>The memory shared by all messages being received.</summary>
    public SpoolBudget Budget { get; } = new(TotalMemory);

    /// <summary>
    /// Makes the directory and removes what a killed relay left there: none of it was ever answered 250.
    /// </summary>
    public void Prepare()
    {
        Directory.CreateDirectory(
            _directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        foreach (var file in Directory.EnumerateFiles(_directory, "*.part"))
        {
            File.Delete(file);
        }
    }

    /// <summary>The room of a new message.</summary>
    public SpooledOctets RoomFor(AddressBlock client) => new(Shares, _disk, client);

    /// <summary>
    /// A new file that vanishes when it is closed. Throws <see cref="IOException"/> when there is no room.
    /// </summary>
    public FileStream CreateFile(string name) => new(
        Path.Combine(_directory, name + ".part"),
        new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            BufferSize = 0,
            Options = FileOptions.DeleteOnClose | FileOptions.Asynchronous,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
}
