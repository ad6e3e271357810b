using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>Tells at once which domains are known to take no mail.</summary>
public interface IKnownNullMx
{
    /// <summary>The domain's MX records have been looked up, have not expired, and are a null MX (RFC 7505 §3); no fixed route
    /// leads around them. False wherever a query would be needed to know.</summary>
    bool Contains(DomainName domain);
}
