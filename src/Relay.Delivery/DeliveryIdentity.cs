using System.Net;

namespace Relay.Delivery;

/// <summary>Who this relay is to others; registered by the program.</summary>
/// <param name="HostName">Its fully qualified name or address literal: the EHLO argument (RFC 5321 §4.1.1.1), and the
/// name by which it finds itself among MX hosts (RFC 5321 §5.1).</param>
public sealed record DeliveryIdentity(string HostName)
{
    /// <summary>Where it listens, so that it does not deliver to itself; <c>0.0.0.0</c> and <c>[::]</c> stand for every
    /// address of the machine.</summary>
    public IReadOnlyList<IPEndPoint> Listeners { get; init; } = [];
}
