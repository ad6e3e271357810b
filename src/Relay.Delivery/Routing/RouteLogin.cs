using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Relay.Delivery.Routing;

/// <summary>The account that a next hop knows us by.</summary>
/// <param name="Name">Its name.</param>
/// <param name="PasswordFile">Where its password is.</param>
internal sealed record RouteLogin(string Name, string PasswordFile)
{
    private const int MaxFileOctets = 4096;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>
    /// Makes the message of PLAIN (RFC 4616 §2): no authorisation identity, the name, the password, set apart by NUL. The
    /// caller clears it.
    /// </summary>
    /// <param name="message">The message.</param>
    /// <param name="reason">Why there is none, and what to do about it.</param>
    public bool TryMakePlain([NotNullWhen(true)] out byte[]? message, [NotNullWhen(false)] out string? reason)
    {
        (message, reason) = (null, null);
        var octets = new byte[MaxFileOctets];
        try
        {
            using var file = File.OpenHandle(PasswordFile);
            // Of the file that was opened, not of what the name stands for by now.
            if ((File.GetUnixFileMode(file) & Others) != 0)
            {
                reason = $"others than its owner may use it; take that away with: chmod 600 {PasswordFile}";
                return false;
            }

            var password = FirstLine(octets.AsSpan(0, RandomAccess.Read(file, octets, 0)));
            if (password.IsEmpty || password.Contains((byte)0))
            {
                reason = "its first line holds no password";
                return false;
            }

            message = [0, .. Encoding.UTF8.GetBytes(Name), 0, .. password];
            return true;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            reason = $"{fault.Message}; it has to belong to the relay's user";
            return false;
        }
        finally
        {
            Array.Clear(octets);
        }
    }

    private static ReadOnlySpan<byte> FirstLine(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)'\n');
        return (end < 0 ? text : text[..end]).TrimEnd((byte)'\r');
    }
}
