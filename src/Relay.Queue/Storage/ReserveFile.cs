using System.Security.Cryptography;

namespace Relay.Queue.Storage;

/// <summary>
/// A file that holds some room on the disk for the time when it is full to the last octet: without any the store cannot even be opened, nor
/// can it be noted that mail has gone. The store gets the room by the removal of the file, which needs none.
/// </summary>
/// <param name="directory">Where the store lies.</param>
/// <param name="readDisk">How many octets the disk has free.</param>
/// <param name="least">How many octets are kept free beside it.</param>
internal sealed class ReserveFile(string directory, Func<long> readDisk, long least)
{
    private const int PieceOctets = 64 * 1024;
    private const int Pieces = 256;

    // A small disk is not worth a large part of it.
    private const long SmallDisk = 4L * Pieces * PieceOctets;

    private readonly string _file = Path.Combine(directory, "queue.reserve");

    /// <summary>Makes it where it is missing and the disk has the room.</summary>
    public void Make()
    {
        try
        {
            if (!File.Exists(_file) && readDisk() >= (Pieces * PieceOctets) + Math.Max(least, SmallDisk))
            {
                Write();
            }
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            TryGiveUp();
        }
    }

    /// <summary>Removes it; false when there was none.</summary>
    public bool TryGiveUp()
    {
        try
        {
            var isThere = File.Exists(_file);
            File.Delete(_file);
            return isThere;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    // Octets at random: what a file system compresses or leaves out holds no room.
    private void Write()
    {
        using var file = new FileStream(
            _file,
            new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                BufferSize = 0,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        for (var piece = 0; piece < Pieces; piece++)
        {
            file.Write(RandomNumberGenerator.GetBytes(PieceOctets));
        }
    }
}
