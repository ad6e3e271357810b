using System.Net;
using Relay.Delivery.Observations;
using Relay.Tls;

namespace Relay.Delivery;

/// <summary>
/// One connection that an attempt made or took from the pool: what RFC 8460 §4.4 asks for, and nothing of
/// the message. Exists for every connection that got as far as STARTTLS or the place where it should have been.
/// </summary>
public sealed record TlsSessionRecord
{
    private List<JudgedSession>? _judgements;

    /// <summary>What plugins say of the session; empty where no policy judged it.</summary>
    public IReadOnlyList<JudgedSession> Judgements => _judgements ?? (IReadOnlyList<JudgedSession>)[];

    /// <summary>The host tried.</summary>
    public required MxHost Host { get; init; }

    /// <summary>How TLS went.</summary>
    public required TlsSessionResult Result { get; init; }

    /// <summary>
    /// What TLS gave; null unless <see cref="Result"/> is <see cref="TlsSessionResult.Established"/>.
    /// </summary>
    public TlsFacts? Tls { get; init; }

    /// <summary>Address connected to: receiving-ip.</summary>
    public required IPAddress RemoteAddress { get; init; }

    /// <summary>Address connected from: sending-mta-ip.</summary>
    public required IPAddress LocalAddress { get; init; }

    /// <summary>The name in the peer's EHLO reply: receiving-mx-helo; empty when there was none.</summary>
    public string PeerHelloName { get; init; } = string.Empty;

    /// <summary>
    /// A short token that says more: a reply code, an alert, a time-out: failure-reason-code; empty for none.
    /// </summary>
    public string Reason { get; init; } = string.Empty;

    /// <summary>The requirement in force was met, so that the message could go this way.</summary>
    public required bool SatisfiesRequirement { get; init; }

    /// <summary>
    /// This is the first time the connection serves this policy domain. Sessions are counted when this is set: once per
    /// connection and domain, not per message (RFC 8460 §4.2).
    /// </summary>
    public required bool IsFirstUse { get; init; }

    /// <summary>When the session was established or failed, UTC.</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>
    /// Says by what policy the session was judged and what came of it. Only what is said of a session's first use is counted
    /// (<see cref="IsFirstUse"/>).
    /// </summary>
    public void Judge(ObservedPolicy policy, IReadOnlyList<ObservedFailure> failures) =>
        (_judgements ??= []).Add(new JudgedSession(policy, failures));
}
