namespace Relay.Smtp.Client;

/// <summary>The ways a client session breaks.</summary>
public enum SessionFaultKind
{
    /// <summary>The peer closed or reset the connection (RFC 5321 §3.8: as a 451).</summary>
    ConnectionLost = 0,

    /// <summary>The step's time limit passed (RFC 5321 §4.5.3.2).</summary>
    TimedOut,

    /// <summary>The peer's reply broke the grammar, a limit or the codes' consistency (RFC 5321 §4.2).</summary>
    ProtocolViolation,

    /// <summary>Octets in clear followed the reply to STARTTLS (RFC 3207 §4.2): an injection.</summary>
    PlaintextInjected,

    /// <summary>The TLS handshake failed.</summary>
    HandshakeFailed,

    /// <summary>
    /// The content could not be read on our side; the message was not ended, so the peer has not taken it.
    /// </summary>
    ContentUnavailable,
}
