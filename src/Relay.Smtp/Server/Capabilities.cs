using Relay.Mail;

namespace Relay.Smtp.Server;

/// <summary>The reply to EHLO (RFC 5321 §4.1.1.1): what this server offers this client now.</summary>
internal static class Capabilities
{
    /// <summary>Lists the extensions.</summary>
    /// <param name="options">What the server can do.</param>
    /// <param name="session">Who asks, and whether inside TLS.</param>
    /// <param name="authentication">The AUTH line; null where there is none.</param>
    public static Reply Of(SmtpServerOptions options, SessionFacts session, string? authentication)
    {
        // RFC 6531 §3.1: SMTPUTF8 only together with 8BITMIME.
        List<string> lines =
        [
            options.HostName, "PIPELINING", $"SIZE {options.MaxMessageBytes}", "8BITMIME", "SMTPUTF8", "CHUNKING", "DSN",
            "ENHANCEDSTATUSCODES", "HELP",
        ];

        // RFC 3207 §4.2: not inside TLS.
        if (options.Certificate is not null && !session.IsSecure)
        {
            lines.Add("STARTTLS");
        }

        if (authentication is not null)
        {
            lines.Add(authentication);
        }

        return new Reply(250, default, lines);
    }
}
