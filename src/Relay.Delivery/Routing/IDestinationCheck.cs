using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>Knows destinations that no mail will ever reach, so that a client can be told at RCPT.</summary>
public interface IDestinationCheck
{
    /// <summary>Why mail there is in vain; null when it may be tried. Asks no name server and waits for nothing.</summary>
    DeliveryFailure? RefusalOf(MailDomain destination);
}
