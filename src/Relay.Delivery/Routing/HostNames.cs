using System.Buffers;
using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>Which domain names can be hosts.</summary>
internal static class HostNames
{
    // Underscores are no host characters (RFC 1123 §2.1), yet MX records carry them and the hosts behind answer.
    private static readonly SearchValues<char> HostCharacters =
        SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>False for the root, for characters no host name has, and for addresses in the place of a name
    /// (RFC 5321 §5.1: an MX names a host, not an address).</summary>
    public static bool IsUsable(DomainName name)
    {
        var value = name.Value.AsSpan();
        if (value.IsEmpty || value.ContainsAnyExcept(HostCharacters))
        {
            return false;
        }

        var last = value[(value.LastIndexOf('.') + 1)..];
        return last.ContainsAnyExceptInRange('0', '9');
    }
}
