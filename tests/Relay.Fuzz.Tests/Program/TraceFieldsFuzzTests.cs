using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Text;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;
using Relay.Queue;
using Relay.Reception;
using Relay.Smtp.Grammar;
using Relay.Smtp.Server;

namespace Relay.Fuzz.Tests.Program;

/// <summary>The Received field that a client's names go into.</summary>
public sealed class TraceFieldsFuzzTests
{
    private const int MaxLineOctets = 998;

    private static readonly FuzzTarget Target = new(
        "received-field",
        [.. new[] { "mail.example.com\nuser@example.com", "[192.0.2.1]\n\"a b\"@[IPv6:::1]", "a\r\nX-Forged: yes\nb@c", "a(b)c;d\nx@y", "\njürgen@bücher.example", "\u2028\u0085\u0000\n@" }.Select(Grammar.Utf8)],
        Grammar.Row(
            Gen.Frequency((5, Grammar.Mostly("mail.example.com", "[192.0.2.1]", "a_b", "", "(", ")", ";", "\r", "\t", "\u0000", "\u00C2\u0085", "\u00E2\u0080\u00A8")), (1, Grammar.Run("x", 255, 1000))),
            Grammar.Of("\n"),
            Gen.Frequency((5, Grammar.Mostly("user@example.com", "\"a b\"@example.com", "\"\\\"(;\"@a.test", "j\u00C3\u00BCrgen@b.test", "u@[IPv6:::1]")), (1, Grammar.Row(Grammar.Run("l", 64), Grammar.Of("@"), Grammar.Run("d", 63))))),
        Read)
    {
        Tokens = [.. new[] { "\r\n", "\n", "\r\n\r\n", ";", "(", "\"", "\u2028", "\u0085", "\0" }.Select(Grammar.Utf8)],
    };

    [Fact] // HARD-12, RFC 5321 §4.4, RFC 5322 §2.1.1
    public void Received_AnyNames_StayInsideTheField() => FuzzRun.Of(Target);

    private static Reading Read(byte[] octets)
    {
        // The first line is the name in EHLO, whether the grammar would have taken it or not; what follows is a mailbox.
        var end = octets.AsSpan().IndexOf((byte)'\n');
        var name = Encoding.UTF8.GetString(octets.AsSpan(0, Math.Max(end, 0)));
        var isMailbox = Mailbox.TryParse(octets.AsSpan(end + 1), out var mailbox);
        var session = new SessionFacts(new IPEndPoint(IPAddress.Parse("2001:db8::1"), 1), new IPEndPoint(IPAddress.Loopback, 25))
        {
            HelloName = name,
            IsExtended = true,
            CipherSuite = TlsCipherSuite.TLS_AES_256_GCM_SHA384,
            TlsVersion = SslProtocols.Tls13,
        };
        var recipients = isMailbox ? [new RcptTo(mailbox!)] : Array.Empty<RcptTo>();
        var transaction = new Transaction(new MailFrom(ReversePath.Null), recipients, DateTimeOffset.UnixEpoch);
        var field = TraceFields.Received(session, "relay.example.com", new QueueId(long.MaxValue), transaction);
        return new Reading(isMailbox, () =>
        {
            var lines = field.Split("\r\n");
            Assert.Equal(string.Empty, lines[^1]);
            Assert.StartsWith("Received: from ", lines[0], StringComparison.Ordinal);
            Assert.Equal(isMailbox ? 6 : 5, lines.Length);
            Assert.All(lines[1..^1], line => Assert.StartsWith("\t", line, StringComparison.Ordinal));
            foreach (var line in lines)
            {
                Assert.False(line.AsSpan().TrimStart('\t').ContainsAny("\r\n\t\0"));
                Assert.True(name.Length > MaxLineOctets / 3 || Encoding.UTF8.GetByteCount(line) <= MaxLineOctets, "the line is too long");
            }
        });
    }
}
