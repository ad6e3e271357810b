using System.Net;
using Relay.Mail;

namespace Relay.Delivery.Observations;

/// <summary>
/// What one session, or one look for a policy, adds to the TLS report of a policy domain (RFC 8460 §4).
/// </summary>
public sealed record TlsObservation
{
    /// <summary>The domain the report goes to.</summary>
    public required DomainName PolicyDomain { get; init; }

    /// <summary>The policy it stands under.</summary>
    public required ObservedPolicy Policy { get; init; }

    /// <summary>What it adds to the totals.</summary>
    public required ObservationCount Count { get; init; }

    /// <summary>What went wrong; empty for a success. Several faults of one certificate stand side by side.</summary>
    public IReadOnlyList<ObservedFailure> Failures { get; init; } = [];

    /// <summary>The MX host; empty when no session is concerned.</summary>
    public string MxHost { get; init; } = string.Empty;

    /// <summary>Address connected from; null when no connection was made.</summary>
    public IPAddress? SendingAddress { get; init; }

    /// <summary>Address connected to; null when no connection was made.</summary>
    public IPAddress? ReceivingAddress { get; init; }

    /// <summary>The name in the peer's EHLO reply; empty for none.</summary>
    public string ReceivingHelo { get; init; } = string.Empty;

    /// <summary>When it happened, UTC.</summary>
    public required DateTimeOffset Time { get; init; }
}
