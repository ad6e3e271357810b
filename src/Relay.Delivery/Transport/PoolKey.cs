using System.Net;
using Relay.Mail;

namespace Relay.Delivery.Transport;

/// <summary>
/// Where a connection leads: address, port, the name that was asked for and verified; and who we are there, so that no message goes
/// out under an account that is not meant for it. No account is empty.
/// </summary>
internal readonly record struct PoolKey(IPAddress Address, int Port, DomainName ServerName, string Account)
{
    public static PoolKey Of(MxHost host, IPAddress address) => new(address, host.Port, host.Name, host.Login?.Name ?? string.Empty);
}
