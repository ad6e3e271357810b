using Relay.Smtp.Grammar;

namespace Relay.Queue.Storage;

/// <summary>A message read back for the recipients of one destination.</summary>
/// <param name="Mail">Reverse-path and parameters.</param>
/// <param name="Recipients">Those still queued there; empty when there are none.</param>
/// <param name="Octets">The content's length.</param>
/// <param name="IsEightBit">Some octet of the content is above 127.</param>
/// <param name="IsReport">It is a TLS report of ours.</param>
/// <param name="ReceivedAt">When it was accepted.</param>
/// <param name="Notified">How many notifications of its failures there were.</param>
internal sealed record StoredMessage(
    MailFrom Mail, IReadOnlyList<StoredRecipient> Recipients, long Octets, bool IsEightBit, bool IsReport, DateTimeOffset ReceivedAt,
    int Notified);
