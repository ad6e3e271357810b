using System.Globalization;

namespace Relay.Smtp.Client;

/// <summary>
/// Names a failed handshake in one word that reports can carry (RFC 8460 §4.3.2.1 <c>failure-reason-code</c>): from
/// error numbers only, never from text, so that the set of words is bounded.
/// </summary>
internal static class HandshakeFailure
{
    // OpenSSL packs library and reason into one number; the library of TLS is 20, and a peer's alert is 1000 and its
    // number.
    private const int TlsLibrary = 20;
    private const int LibraryShift = 23;
    private const int ReasonMask = 0x7FFFFF;
    private const int FirstAlert = 1000;

    /// <summary>The word for an exception of the handshake.</summary>
    public static string ReasonOf(Exception error) => AlertIn(error)
        ?? (error is IOException ? "connection-closed-during-handshake" : "tls-handshake-failure");

    /// <summary>The word for the alert or OpenSSL error behind an exception; null when there is none.</summary>
    public static string? AlertIn(Exception? error)
    {
        for (var e = error; e is not null; e = e.InnerException)
        {
            var reason = e.HResult & ReasonMask;
            if (((e.HResult >> LibraryShift) & 0xFF) == TlsLibrary && reason > 0)
            {
                return reason is >= FirstAlert and < FirstAlert + 256
                    ? $"tls-alert-{AlertName(reason - FirstAlert)}"
                    : string.Create(CultureInfo.InvariantCulture, $"tls-error-{reason}");
            }
        }

        return null;
    }

    // RFC 8446 §6: the alerts that end a handshake.
    private static string AlertName(int alert) => alert switch
    {
        0 => "close-notify",
        10 => "unexpected-message",
        20 => "bad-record-mac",
        22 => "record-overflow",
        40 => "handshake-failure",
        42 => "bad-certificate",
        43 => "unsupported-certificate",
        44 => "certificate-revoked",
        45 => "certificate-expired",
        46 => "certificate-unknown",
        47 => "illegal-parameter",
        48 => "unknown-ca",
        49 => "access-denied",
        50 => "decode-error",
        51 => "decrypt-error",
        70 => "protocol-version",
        71 => "insufficient-security",
        80 => "internal-error",
        86 => "inappropriate-fallback",
        90 => "user-canceled",
        109 => "missing-extension",
        110 => "unsupported-extension",
        112 => "unrecognized-name",
        113 => "bad-certificate-status-response",
        115 => "unknown-psk-identity",
        116 => "certificate-required",
        120 => "no-application-protocol",
        _ => alert.ToString(CultureInfo.InvariantCulture),
    };
}
