using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>Finds the hosts that take a domain's mail.</summary>
public interface IRouter
{
    /// <summary>Chooses the hosts for a destination: a domain, or an address literal in brackets.</summary>
    ValueTask<RouteResult> RouteAsync(MailDomain destination, CancellationToken cancellationToken);
}
