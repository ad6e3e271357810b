using Relay.Dns.Messages;

namespace Relay.Dns.Transport;

/// <summary>What a transport brought back. The default value is no answer at all.</summary>
/// <param name="Outcome">What reading it came to; <see cref="ParseOutcome.NotOurs"/> when nothing came.</param>
/// <param name="Message">The message; null unless parsed.</param>
/// <param name="IsOversize">It was longer than a datagram may be, and is incomplete.</param>
internal readonly record struct TransportReply(ParseOutcome Outcome, DnsMessage? Message, bool IsOversize);
