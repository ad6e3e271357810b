using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Relay.Queue;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Reception;

/// <summary>Writes what reception puts in front of a message.</summary>
internal static class TraceFields
{
    /// <summary>
    /// The Received field (RFC 5321 §4.4): who, by whom, with what protocol and TLS, under which id, for whom, when.
    /// </summary>
    public static string Received(SessionFacts session, string hostName, QueueId id, Transaction transaction) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"Received: from {HelloName(session)} ({Literal(session.Remote.Address)})\r\n"
            + $"\tby {hostName} with {Protocol(session, transaction.Mail)} id {id}{For(transaction)}{TlsClause(session)};\r\n"
            + $"\t{Date(transaction.Time)}\r\n");

    /// <summary>A Date field for a message that came without (RFC 6409 §8.2).</summary>
    public static string DateField(DateTimeOffset time) => $"Date: {Date(time)}\r\n";

    /// <summary>A Message-ID field for a message that came without (RFC 6409 §8.3).</summary>
    public static string MessageIdField(QueueId id, string hostName) => $"Message-ID: <{id}@{hostName}>\r\n";

    /// <summary>The version as operators know it, <c>TLSv1.3</c>; null in clear.</summary>
    public static string? TlsVersion(SslProtocols version) => version switch
    {
        SslProtocols.None => null,
        SslProtocols.Tls12 => "TLSv1.2",
        SslProtocols.Tls13 => "TLSv1.3",
        _ => version.ToString(),
    };

    private static string Date(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture);

    // The grammar has checked the name; should it ever not, nothing of it may break out of the field (RFC 5322 §2.2).
    private static string HelloName(SessionFacts session)
    {
        var name = new StringBuilder(session.HelloName.Length);
        foreach (var character in session.HelloName)
        {
            name.Append(
                char.IsWhiteSpace(character) || char.IsControl(character) || character is '(' or ')' or ';' ? '?' : character);
        }

        return name.Length == 0 ? "unknown" : name.ToString();
    }

    // RFC 5321 §4.1.3: IPv6 addresses are tagged.
    private static string Literal(IPAddress address)
    {
        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        return plain.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[IPv6:{new IPAddress(plain.GetAddressBytes())}]"
            : $"[{plain}]";
    }

    // RFC 3848 §1, and RFC 6531 §4.3 for internationalised mail, which only ESMTP carries.
    private static string Protocol(SessionFacts session, MailFrom mail)
    {
        if (!session.IsExtended)
        {
            return "SMTP";
        }

        var name = mail.SmtpUtf8 ? "UTF8SMTP" : "ESMTP";
        var protection = session.IsSecure ? "S" : string.Empty;
        return session.User is null ? name + protection : $"{name}{protection}A";
    }

    // RFC 5321 §4.4: one recipient at most, and none where others would learn of it.
    private static string For(Transaction transaction) =>
        transaction.Recipients.Count == 1 ? $"\r\n\tfor <{transaction.Recipients[0].Mailbox}>" : string.Empty;

    // RFC 8314 §4.3: the tls clause names the cipher suite; the version goes into a comment.
    private static string TlsClause(SessionFacts session) =>
        session.CipherSuite is { } suite ? $"\r\n\ttls {suite} ({TlsVersion(session.TlsVersion)})" : string.Empty;
}
