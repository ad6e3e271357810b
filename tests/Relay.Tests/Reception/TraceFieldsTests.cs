using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using Relay.Mail;
using Relay.Queue;
using Relay.Reception;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Tests.Reception;

public sealed class TraceFieldsTests
{
    private static readonly DateTimeOffset Time = DateTimeOffset.Parse("2026-11-22T09:40:12+02:00", CultureInfo.InvariantCulture);
    private static readonly SessionFacts Clear = new(new(IPAddress.Parse("192.0.2.7"), 40000), new(IPAddress.Loopback, 25))
    {
        HelloName = "printer.corp.example",
        IsExtended = true,
    };

    [Fact] // SMTP-54, RFC 5321 §4.4: FROM, BY, WITH, ID, FOR, date with numeric offset.
    public void Received_ClearSessionOneRecipient_FollowsTheGrammar() => Assert.Equal(
        "Received: from printer.corp.example ([192.0.2.7])\r\n\tby relay.example with ESMTP id 1Z\r\n"
        + "\tfor <ann@example.net>;\r\n\tSun, 22 Nov 2026 07:40:12 +0000\r\n",
        Received(Clear, "ann@example.net"));

    [Fact] // SMTP-56, SMTP-57, RFC 3848 §1, RFC 8314 §4.3
    public void Received_TlsSession_NamesProtocolAndCipher()
    {
        var secure = Clear with { TlsVersion = SslProtocols.Tls13, CipherSuite = TlsCipherSuite.TLS_AES_256_GCM_SHA384 };
        var field = Received(secure, "ann@example.net");
        Assert.Contains(" with ESMTPS id ", field, StringComparison.Ordinal);
        Assert.Contains("\r\n\ttls TLS_AES_256_GCM_SHA384 (TLSv1.3);\r\n", field, StringComparison.Ordinal);
    }

    [Theory] // SMTP-56, RFC 3848 §1; RFC 6531 §4.3 for internationalised mail
    [InlineData(false, "ESMTPSA")]
    [InlineData(true, "UTF8SMTPSA")]
    public void Received_AuthenticatedSession_SaysSo(bool smtpUtf8, string expected)
    {
        var session = Clear with
        {
            TlsVersion = SslProtocols.Tls13,
            CipherSuite = TlsCipherSuite.TLS_AES_256_GCM_SHA384,
            User = "ann@example.com",
        };
        var transaction = new Transaction(
            new MailFrom(ReversePath.Null) { SmtpUtf8 = smtpUtf8 }, [new RcptTo(new Mailbox("bob", "example.net"))], Time);
        var field = TraceFields.Received(session, "relay.example", new QueueId(63), transaction);
        Assert.Contains($" with {expected} id ", field, StringComparison.Ordinal);
        Assert.DoesNotContain("ann", field, StringComparison.Ordinal);
    }

    [Fact] // SMTP-58, RFC 5321 §4.4
    public void Received_TwoRecipients_HasNoForClause() =>
        Assert.DoesNotContain("for <", Received(Clear, "ann@example.net", "bob@example.net"), StringComparison.Ordinal);

    [Fact] // RFC 5321 §4.1.3
    public void Received_IPv6Client_IsTagged()
    {
        var session = Clear with { Remote = new IPEndPoint(IPAddress.Parse("2001:db8::7%3"), 1) };
        Assert.Contains("([IPv6:2001:db8::7])", Received(session, "ann@example.net"), StringComparison.Ordinal);
    }

    [Fact] // HARD-12, RFC 5322 §2.2
    public void Received_HostileHelloName_CannotBreakOutOfTheField()
    {
        var session = Clear with { HelloName = "a\r\nBcc: x (;" };
        var lines = Received(session, "ann@example.net").Split("\r\n");
        Assert.All(lines[1..^1], line => Assert.StartsWith("\t", line, StringComparison.Ordinal));
        Assert.StartsWith("Received: from a??Bcc:?x???", lines[0], StringComparison.Ordinal);
    }

    [Fact] // RFC 3848 §1: HELO sessions are plain SMTP.
    public void Received_HeloSession_IsSmtp() =>
        Assert.Contains(" with SMTP id ", Received(Clear with { IsExtended = false }, "ann@example.net"), StringComparison.Ordinal);

    private static string Received(SessionFacts session, params string[] recipients)
    {
        var transaction = new Transaction(
            new MailFrom(ReversePath.Null),
            [.. recipients.Select(r => new RcptTo(new Mailbox(r.Split('@')[0], r.Split('@')[1])))],
            Time);
        return TraceFields.Received(session, "relay.example", new QueueId(63), transaction);
    }
}
