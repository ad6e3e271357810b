namespace Relay.Admin;

/// <summary>The section <c>Admin</c>.</summary>
internal sealed class AdminOptions
{
    public const string Section = "Admin";

    private const string FileName = "admin.sock";

    /// <summary>
    /// The Unix socket on which the commands reach the relay; <c>admin.sock</c> in the data directory when not set.
    /// </summary>
    public string? Socket { get; init; }

    /// <summary>The socket in use.</summary>
    public string SocketIn(string dataDirectory) => Path.GetFullPath(Socket ?? Path.Combine(dataDirectory, FileName));
}
