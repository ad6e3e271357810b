using Relay.Mail;
using Relay.Smtp;
using Relay.Smtp.Client;
using Relay.Smtp.Grammar;

namespace Relay.Delivery.Transport;

/// <summary>
/// What a server must offer before it may get a message. Nothing is converted: that would break signatures, and RFC
/// 6152 §3 and RFC 6531 §3.2 allow to return the message instead.
/// </summary>
internal sealed class RequiredExtensions
{
    private readonly long _octets;
    private readonly bool _eightBit;
    private readonly bool _utf8;

    private RequiredExtensions(DeliveryAttempt attempt, bool utf8)
    {
        _octets = attempt.Content.Octets;
        _eightBit = attempt.Content.IsEightBit;
        _utf8 = utf8;
        Mail = attempt.Mail with
        {
            ReversePath = new ReversePath(attempt.Mail.ReversePath.Mailbox is { } sender ? Downgrade(sender) : null),
            // RFC 6152 §3: content with the high bit set is declared as such, whatever its submitter forgot.
            Body = _eightBit ? BodyType.EightBitMime : attempt.Mail.Body,
        };
    }

    /// <summary>MAIL for a transaction; <see cref="MailFor"/> adds SMTPUTF8 where it is needed.</summary>
    private MailFrom Mail { get; }

    public static async ValueTask<RequiredExtensions> OfAsync(DeliveryAttempt attempt, CancellationToken cancellationToken)
    {
        var senderNeeds = attempt.Mail.ReversePath.Mailbox is { } sender && NeedsUtf8(Downgrade(sender));
        var utf8 = senderNeeds || (attempt.Mail.SmtpUtf8 && attempt.Content.IsEightBit
            && await HeaderIsInternationalizedAsync(attempt.Content, cancellationToken));
        return new RequiredExtensions(attempt, utf8);
    }

    /// <summary>RCPT as it is sent.</summary>
    public static RcptTo ToSend(RcptTo recipient) =>
        recipient.Mailbox.IsInternationalized ? recipient with { Mailbox = Downgrade(recipient.Mailbox) } : recipient;

    /// <summary>MAIL for some recipients. RFC 6531 §3.4: SMTPUTF8 is not asked for where nothing needs it.</summary>
    public MailFrom MailFor(IReadOnlyList<PendingRecipient> recipients)
    {
        var utf8 = _utf8 || recipients.Any(recipient => NeedsUtf8(recipient.ToSend.Mailbox));
        return Mail.SmtpUtf8 == utf8 ? Mail : Mail with { SmtpUtf8 = utf8 };
    }

    /// <summary>Why a server cannot have the message for a recipient; null when it can.</summary>
    public DeliveryFailure? Obstacle(ServerCapabilities offered, PendingRecipient recipient, HopFacts hop)
    {
        if (offered.MaxSize is { } max && _octets > max)
        {
            // RFC 1870 §6.1: what the server says it will not take is not sent to it.
            return Failure(
                FailureReason.MessageTooLarge, new(5, 3, 4), $"takes {max} octets at most, the message has {_octets}", hop);
        }

        if ((_utf8 || NeedsUtf8(recipient.ToSend.Mailbox)) && !offered.SmtpUtf8)
        {
            // RFC 6531 §3.2: internationalised mail goes to servers that offer SMTPUTF8 only; else it is returned.
            return Failure(
                FailureReason.NoSmtpUtf8, new(5, 6, 7), "does not take internationalised addresses or headers", hop);
        }

        return _eightBit && !offered.EightBitMime
            // RFC 6152 §3: without 8BITMIME the message is converted or returned, never sent as it is.
            ? Failure(FailureReason.NoEightBitMime, new(5, 6, 3), "does not take 8-bit content", hop)
            : null;
    }

    private static DeliveryFailure Failure(string reason, EnhancedStatusCode status, string what, HopFacts hop) =>
        new(reason, status, $"{hop.Host} {what}") { Hop = hop };

    // Of a mailbox as it is sent; a domain that has no A-labels is left as it was.
    private static bool NeedsUtf8(Mailbox mailbox) => mailbox.IsInternationalized;

    // RFC 6531 §3.2: a mailbox whose domain alone is internationalised can be written in A-labels, which every server
    // takes.
    private static Mailbox Downgrade(Mailbox mailbox) => mailbox.WithAsciiDomain();

    // The submitter's SMTPUTF8 may be for the body's sake only, which 8BITMIME serves; the header decides (RFC 6531
    // §3.4).
    private static async ValueTask<bool> HeaderIsInternationalizedAsync(
        MessageContent content, CancellationToken cancellationToken)
    {
        var lineIsEmpty = true;
        await foreach (var piece in content.ReadAsync(cancellationToken))
        {
            for (var i = 0; i < piece.Length; i++)
            {
                var octet = piece.Span[i];
                if (octet > 127)
                {
                    return true;
                }

                if (octet == '\n')
                {
                    if (lineIsEmpty)
                    {
                        return false;
                    }

                    lineIsEmpty = true;
                }
                else if (octet != '\r')
                {
                    lineIsEmpty = false;
                }
            }
        }

        return false;
    }
}
