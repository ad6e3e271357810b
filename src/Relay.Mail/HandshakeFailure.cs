using System.Globalization;

namespace Relay.Mail;

/// <summary>
/// Names a failed handshake in one word that reports can carry (RFC 8460 §4.3.2.1 <c>failure-reason-code</c>): from
/// error numbers only, never from text, so that the set of words is bounded. And tells it in words that say what to mend.
/// </summary>
public static class HandshakeFailure
{
    // OpenSSL packs library and reason into one number; the library of TLS is 20, and a peer's alert is 1000 and its
    // number.
    private const int TlsLibrary = 20;
    private const int LibraryShift = 23;
    private const int ReasonMask = 0x7FFFFF;
    private const int FirstAlert = 1000;

    /// <summary>The word for a handshake that did not end in time.</summary>
    public const string Timeout = "timeout-during-handshake";

    /// <summary>The word for an exception of the handshake.</summary>
    public static string ReasonOf(Exception error) => AlertIn(error)
        ?? (error is IOException ? "connection-closed-during-handshake" : "tls-handshake-failure");

    /// <summary>The word for the alert or OpenSSL error behind an exception; null when there is none.</summary>
    public static string? AlertIn(Exception? error) => ErrorIn(error, out var reason) is null ? null
        : reason is >= FirstAlert and < FirstAlert + 256 ? $"tls-alert-{AlertName(reason - FirstAlert)}"
        : string.Create(CultureInfo.InvariantCulture, $"tls-error-{reason}");

    /// <summary>
    /// What an exception of the handshake means, for people, on one line. The words of .NET ("see inner exception") name no cause, so
    /// that none of them is passed on.
    /// </summary>
    /// <param name="error">The exception.</param>
    /// <param name="peer">How the other side is called.</param>
    public static string TextOf(Exception error, string peer = "the host")
    {
        if (ErrorIn(error, out var reason) is not { } cause)
        {
            return SocketFailure.In(error) is { } fault ? $"{SocketFailure.TextOf(fault)} during the handshake"
                : error is IOException || error.InnerException is IOException ? $"{peer} closed the connection during the handshake"
                : $"{peer} does not answer in TLS";
        }

        var name = cause.Message[(cause.Message.LastIndexOf(':') + 1)..].Trim();
        return reason switch
        {
            FirstAlert + 40 => $"{peer} found no cipher suite or other parameter in common (TLS alert handshake_failure)",
            // RFC 8996 §4, §5: nothing older than TLS 1.2 is offered.
            FirstAlert + 70 => $"{peer} offers only TLS 1.1 or older (TLS alert protocol_version)",
            FirstAlert + 71 => $"{peer} asks for stronger cipher suites than it was offered (TLS alert insufficient_security)",
            >= FirstAlert and < FirstAlert + 256 => $"{peer} ended the handshake (TLS alert {AlertName(reason - FirstAlert)})",
            // OpenSSL's numbers: the version in the host's own hello, what stands where a record should begin, an early end, and a hello of
            // which nothing fits.
            193 => $"{peer} has no cipher suite in common with this one",
            258 => $"{peer} offers only TLS 1.1 or older (unsupported protocol)",
            267 => $"{peer} does not answer in TLS (wrong version number)",
            294 => $"{peer} closed the connection during the handshake",
            _ => $"what {peer} sent in the handshake cannot be taken ({name.ReplaceLineEndings(" ")})",
        };
    }

    // The exception that bears OpenSSL's number, and the reason in it.
    private static Exception? ErrorIn(Exception? error, out int reason)
    {
        for (var e = error; e is not null; e = e.InnerException)
        {
            reason = e.HResult & ReasonMask;
            if (((e.HResult >> LibraryShift) & 0xFF) == TlsLibrary && reason > 0)
            {
                return e;
            }
        }

        reason = 0;
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
