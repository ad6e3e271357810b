using Relay.Sqlite;

namespace Relay.MtaSts.Stores;

/// <summary>
/// The file of known policies as lines: read from the front, appended to, written anew. For its owner alone; a damaged line costs that line.
/// </summary>
/// <param name="path">Where it is.</param>
internal sealed class KnownFile(string path) : IDisposable
{
    // Four million lines. Written anew once a day where it has doubled, it keeps below that with a million domains.
    private const long MaxOctets = 256L * 1024 * 1024;
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private FileStream? _end;
    private bool _isDoubtful;

    /// <summary>Something bears its name.</summary>
    public bool Exists => Path.Exists(path);

    /// <summary>Octets it has.</summary>
    public long Length => File.Exists(path) ? new FileInfo(path).Length : 0;

    /// <summary>A relay kept policies here before, whatever has become of both files.</summary>
    public bool IsMarked => File.Exists(path + ".made");

    private string Folder => Path.GetDirectoryName(Path.GetFullPath(path))!;

    /// <summary>Policies are kept here from now on: that both files are gone is then a loss, not a beginning.</summary>
    public void Mark()
    {
        if (!IsMarked)
        {
            using var mark = new FileStream(path + ".made", Writing(FileMode.Create));
            mark.Write("A relay keeps its policies here.\n"u8);
            StableStorage.Flush(mark);
            StableStorage.FlushDirectory(Folder);
        }
    }

    /// <summary>Reads its lines; returns how many were damaged.</summary>
    public int Read(KnownLineReader.Visit visit)
    {
        if (!Exists)
        {
            return 0;
        }

        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return KnownLineReader.Read(file, visit);
    }

    /// <summary>Adds a line. Throws <see cref="IOException"/> when that cannot be done.</summary>
    /// <param name="line">The line.</param>
    /// <param name="isSynced">It is on the disk on return.</param>
    /// <returns>False: what was added before may not be on the disk, and the file has to be written anew.</returns>
    public bool TryAppend(byte[] line, bool isSynced)
    {
        _end ??= OpenEnd();
        if (_end.Length > MaxOctets)
        {
            throw new IOException($"{path} has more than {MaxOctets} octets, and is not written to until it has been compacted");
        }

        _end.Write(line);
        _end.Flush();
        if (_isDoubtful || !isSynced)
        {
            return !_isDoubtful;
        }

        // The kernel tells of a failed fsync once and takes the pages for written then: another one proves nothing.
        _isDoubtful = true;
        StableStorage.Flush(_end);
        _isDoubtful = false;
        return true;
    }

    /// <summary>Puts other lines in the place of all. In one step: whoever dies meanwhile leaves the file as it was.</summary>
    public void Replace(Action<FileStream> write)
    {
        var replacement = path + ".new";
        Directory.CreateDirectory(Folder, OwnerOnly | UnixFileMode.UserExecute);
        File.Delete(replacement);
        using (var file = new FileStream(replacement, Writing(FileMode.CreateNew)))
        {
            write(file);
            StableStorage.Flush(file);
        }

        Dispose();
        StableStorage.Replace(replacement, path);
        _isDoubtful = false;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _end?.Dispose();
        _end = null;
    }

    private static FileStreamOptions Writing(FileMode mode) => new()
    {
        Mode = mode,
        Access = FileAccess.ReadWrite,
        Share = FileShare.ReadWrite | FileShare.Delete,
        UnixCreateMode = OwnerOnly,
    };

    private FileStream OpenEnd()
    {
        Directory.CreateDirectory(Folder, OwnerOnly | UnixFileMode.UserExecute);
        var isNew = !Exists;
        var file = new FileStream(path, Writing(FileMode.OpenOrCreate));
        if (file.Length == 0)
        {
            file.Write(KnownLine.Format(KnownLine.Header, KnownLine.NoIdentity, KnownLine.Version));
        }
        else
        {
            // What a crash left of the last line must not spoil the next one.
            file.Seek(-1, SeekOrigin.End);
            if (file.ReadByte() != '\n')
            {
                file.WriteByte((byte)'\n');
            }
        }

        if (isNew)
        {
            StableStorage.FlushDirectory(Folder);
        }

        return file;
    }
}
