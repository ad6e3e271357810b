using Relay.Smtp.Client;

namespace Relay.Delivery.Tls;

/// <summary>Names a broken handshake by a token from a closed set, for RFC 8460's failure-reason-code.</summary>
internal static class HandshakeReason
{
    private const string AlertMarker = "alert ";

    // RFC 8446 §6: the alerts a client meets. The TLS stack tells them in words only, within its message.
    private static readonly string[] Alerts =
    [
        "handshake failure", "protocol version", "unrecognized name", "internal error", "bad certificate",
        "certificate required", "unknown ca", "access denied", "decode error", "illegal parameter", "insufficient security",
        "unexpected message", "no application protocol", "decrypt error", "missing extension",
    ];

    public static string Of(SessionFault fault) => fault.Kind switch
    {
        SessionFaultKind.TimedOut => "timeout-during-handshake",
        SessionFaultKind.ConnectionLost => "connection-closed-during-handshake",
        SessionFaultKind.PlaintextInjected => "data-before-tls-handshake",
        _ => OfText(fault.Detail),
    };

    private static string OfText(string detail)
    {
        foreach (var alert in Alerts)
        {
            if (detail.Contains(AlertMarker + alert, StringComparison.OrdinalIgnoreCase))
            {
                return "tls-alert-" + alert.Replace(' ', '-');
            }
        }

        if (detail.Contains("unsupported protocol", StringComparison.OrdinalIgnoreCase)
            || detail.Contains("wrong version", StringComparison.OrdinalIgnoreCase))
        {
            return "protocol-version";
        }

        return detail.Contains("EOF", StringComparison.Ordinal)
            ? "connection-closed-during-handshake"
            : "handshake-failure";
    }
}
