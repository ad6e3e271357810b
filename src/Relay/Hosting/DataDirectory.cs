namespace Relay.Hosting;

/// <summary>Where the databases live.</summary>
internal static class DataDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// Makes the directory for its owner alone, and tells why that cannot be done; null when it is there. It holds
    /// other people's mail.
    /// </summary>
    public static string? Prepare(string path)
    {
        try
        {
            var directory = Directory.CreateDirectory(path, OwnerOnly);
            if (directory.UnixFileMode != OwnerOnly)
            {
                directory.UnixFileMode = OwnerOnly;
            }

            return null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            return $"Relay:DataDirectory: \"{path}\" cannot be used: {fault.Message}; name a directory that the relay's user owns";
        }
    }
}
