using System.Text;
using Relay.LoadTest.Load;
using Relay.Mail;
using Relay.Queue;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Writes;
using Relay.Smtp.Grammar;

namespace Relay.LoadTest.Backlog;

/// <summary>
/// The messages of a backlog: nine of ten cannot go; of the rest eight of ten can, one is for a domain that refuses connections
/// and one for a domain whose name servers are silent.
/// </summary>
internal sealed class BacklogMail(BacklogPlan plan, LoadCorpus corpus, DateTimeOffset now)
{
    private const int Tenth = 10;
    private const int HealthyTenths = 8;

    private static readonly TimeSpan Age = TimeSpan.FromHours(1);
    private static readonly TimeSpan Expired = TimeSpan.FromDays(6);
    private static readonly byte[] Received = Encoding.ASCII.GetBytes(
        "Received: from app.client.test (app.client.test [127.0.0.1])\r\n\tby relay.client.test with ESMTP id BACK10G;\r\n"
        + "\tSun, 22 Nov 2026 12:00:00 +0000\r\n");

    private readonly byte[] _wire = new byte[corpus.Length];

    /// <summary>How many of so many can be delivered; they have the numbers from 0 in the ledger.</summary>
    public static int CountHealthy(int queued) => queued / (Tenth * Tenth) * HealthyTenths;

    /// <summary>One of them, by its number in the queue.</summary>
    public InsertMessage Make(int number)
    {
        var spread = number / Tenth;
        var isHealthy = number % Tenth == 0 && spread % Tenth < HealthyTenths;
        var message = isHealthy ? (spread / Tenth * HealthyTenths) + (spread % Tenth) : 0;
        var destination = (number % Tenth, spread % Tenth) switch
        {
            (0, < HealthyTenths) => LoadPlan.DomainName(message % BacklogPlan.HealthyDomains),
            (0, HealthyTenths) => $"g{spread / Tenth % BacklogPlan.TroubledDomains}.{BacklogInternet.Refusing}",
            (0, _) => BacklogInternet.MuteDomain(spread / Tenth % BacklogPlan.TroubledDomains),
            _ when plan.Kind == BacklogKind.Distinct => $"x{number}.{BacklogInternet.Refusing}",
            _ => BacklogInternet.Dead,
        };
        var age = plan.Kind == BacklogKind.Expired && number % Tenth != 0 ? Expired : Age;
        var envelope = new QueuedEnvelope(
            new QueueId(QueueIdSequence.First + number),
            new MailFrom(new ReversePath(new Mailbox("load", "client.test"))),
            [new RcptTo(new Mailbox($"0.{message}", destination))],
            now - age);
        var content = Content(message);
        return new InsertMessage(envelope, [destination], new ContentFacts(content.Length, IsEightBit: false, content));
    }

    // As it lies in the queue: behind a trace field, and without the dots that are doubled on the wire (RFC 5321 §4.5.2).
    private byte[] Content(int message)
    {
        corpus.Write(message, _wire);
        using var stored = new MemoryStream(Received.Length + _wire.Length);
        stored.Write(Received);
        var rest = _wire.AsSpan();
        for (var dot = rest.IndexOf("\r\n.."u8); dot >= 0; dot = rest.IndexOf("\r\n.."u8))
        {
            stored.Write(rest[..(dot + 3)]);
            rest = rest[(dot + 4)..];
        }

        stored.Write(rest);
        return stored.ToArray();
    }
}
