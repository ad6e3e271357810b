using System.Net;
using Relay.Reception;

namespace Relay.Submission;

/// <summary>Who wants to authenticate, and from where.</summary>
/// <param name="Client">The client: an IPv4 address, or a /64 of IPv6, which one customer has to itself.</param>
/// <param name="Network">The /24 or /48 that the client is in.</param>
/// <param name="Account">The account it names, whether there is one or not.</param>
/// <param name="IsKnown">The account has authenticated from this client of late.</param>
internal readonly record struct LoginAttempt(AddressBlock Client, AddressBlock Network, string Account, bool IsKnown)
{
    public static LoginAttempt From(IPAddress address, string account, KnownClients known)
    {
        var client = AddressBlock.OfClient(address);
        return new LoginAttempt(client, AddressBlock.OfNetwork(address), account, known.Contains(client, account));
    }
}
