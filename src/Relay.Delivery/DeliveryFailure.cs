using Relay.Dns;
using Relay.Mail;

namespace Relay.Delivery;

/// <summary>Why a recipient was not delivered.</summary>
/// <param name="Reason">A word from a closed set, for logs and counters: <c>mx-reply</c>, <c>connect-failed</c>,
/// <c>sts-no-usable-mx</c>.</param>
/// <param name="Status">Class 4 when deferred, 5 when bounced (RFC 3463 §3.1).</param>
/// <param name="Text">For people, one line, naming host and fault.</param>
public sealed record DeliveryFailure(string Reason, EnhancedStatusCode Status, string Text)
{
    /// <summary>The remote reply, where one decided (RFC 3464 §2.3.6); null otherwise.</summary>
    public Reply? Reply { get; init; }

    /// <summary>The host and session it happened with; null when none was reached.</summary>
    public HopFacts? Hop { get; init; }

    /// <summary>
    /// The answer of DNS that this rests on and nothing else; null where something else decided. What DNS says unsigned, an attacker
    /// on the path can say too.
    /// </summary>
    public DnsAnswer? SaidByDns { get; init; }

    /// <summary>
    /// The connection broke after the final dot: the message may have been taken (RFC 5321 §4.5.3.2.6).
    /// </summary>
    public bool IsUncertain { get; init; }
}
