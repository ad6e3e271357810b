using System.Diagnostics;

namespace Relay.Delivery.Observations;

/// <summary>What is wrong with a session whatever policy it stands under (RFC 8460 §4.3.1, §4.3.3).</summary>
public static class SessionFailures
{
    private const string DataBeforeHandshake = "data-before-tls-handshake";

    /// <summary>What is wrong with a session where no policy is at hand: TLS is all one can ask for (RFC 8460 §4.2.1).</summary>
    public static IReadOnlyList<ObservedFailure> WithoutPolicy(TlsSessionRecord session) => OfTransport(session) is { } failure ? [failure] : [];

    /// <summary>Why TLS was not reached; null where it was.</summary>
    public static ObservedFailure? OfTransport(TlsSessionRecord session) => session.Result switch
    {
        TlsSessionResult.Established => null,

        // RFC 8460 §4.3.1: absent or refused, with 4yz or 5yz, is one type.
        TlsSessionResult.StartTlsNotOffered => new(TlsResultType.StartTlsNotSupported, session.Reason),
        TlsSessionResult.StartTlsRefused => new(TlsResultType.StartTlsNotSupported, session.Reason),

        // RFC 8460 §4.3.3: what has no type of its own is a validation failure; the reason tells more.
        TlsSessionResult.HandshakeFailed => new(TlsResultType.ValidationFailure, session.Reason),
        TlsSessionResult.PlaintextInjected => new(
            TlsResultType.ValidationFailure, session.Reason.Length > 0 ? session.Reason : DataBeforeHandshake),
        _ => throw new UnreachableException(),
    };
}
