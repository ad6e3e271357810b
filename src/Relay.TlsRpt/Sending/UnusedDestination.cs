using Relay.TlsRpt.Records;

namespace Relay.TlsRpt.Sending;

/// <summary>A destination that a domain names and that is not served.</summary>
/// <param name="Destination">It.</param>
/// <param name="Why">A word for the reason, and for people what it means.</param>
internal sealed record UnusedDestination(TlsRptDestination Destination, string Why);
