using Relay.Mail;

namespace Relay.Smtp.Client;

/// <summary>Why a session cannot go on. Its connection has been closed; nothing more is sent on it.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Stage">In which step.</param>
/// <param name="Detail">For people: what was seen, without line ends.</param>
public sealed record SessionFault(SessionFaultKind Kind, SmtpStage Stage, string Detail)
{
    /// <summary>
    /// For reports, one word of a bounded set, free of anything the peer wrote. For <see cref="SessionFaultKind.HandshakeFailed"/>
    /// one of <c>timeout-during-handshake</c>, <c>connection-closed-during-handshake</c>, <c>connection-closed-after-handshake</c>,
    /// <c>tls-alert-…</c> with the alert's name of RFC 8446 §6, <c>tls-error-N</c> with a reason of OpenSSL's, or
    /// <c>tls-handshake-failure</c>. Else the kind in words.
    /// </summary>
    public string Reason { get; init; } = Kind switch
    {
        SessionFaultKind.ConnectionLost => "connection-lost",
        SessionFaultKind.TimedOut => "timeout",
        SessionFaultKind.ProtocolViolation => "protocol-violation",
        SessionFaultKind.PlaintextInjected => "data-before-tls-handshake",
        SessionFaultKind.HandshakeFailed => "tls-handshake-failure",
        _ => "content-unavailable",
    };

    /// <summary>The peer said nothing for too long, in the handshake or elsewhere.</summary>
    public bool IsTimeout => Kind == SessionFaultKind.TimedOut || Reason == HandshakeFailure.Timeout;
}
