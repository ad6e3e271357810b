using Relay.Dns.Messages;

namespace Relay.Dns;

/// <summary>What the servers together came to for one question, aliases not yet followed.</summary>
/// <param name="Message">The first answer that says something about the name; null when no server gave one.</param>
/// <param name="IsAuthenticated">AD was set by a server that is trusted.</param>
/// <param name="Status">The failure, when there is no message.</param>
/// <param name="Detail">Which server said what.</param>
internal sealed record ServerReply(DnsMessage? Message, bool IsAuthenticated, DnsStatus Status, string Detail);
