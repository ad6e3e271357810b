using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Relay.Dns;
using Relay.Mail;

namespace Relay.Delivery.Routing;

/// <summary>What a set of MX records comes to (RFC 5321 §5.1, RFC 7505).</summary>
/// <param name="Records">The usable ones in the order of trial; empty when a failure stands instead.</param>
/// <param name="Failure">Why the domain's mail goes nowhere; permanent.</param>
internal readonly record struct MxSelection(IReadOnlyList<DnsRecord.MailExchange> Records, DeliveryFailure? Failure)
{
    /// <summary>More hosts than this are never needed and would let a remote party's zone make work without end.</summary>
    public const int MaxHosts = 20;

    /// <summary>RFC 7505 §3: a null MX stands alone.</summary>
    public static bool IsNullMx(IReadOnlyList<DnsRecord> answer) =>
        answer.Count > 0 && answer.All(record => record is DnsRecord.MailExchange { Exchange.IsRoot: true });

    /// <summary>What mail to a domain with a null MX comes to.</summary>
    public static DeliveryFailure NullMx(DomainName domain) =>
        new(FailureReason.NullMx, new(5, 1, 10), $"{domain} takes no mail: it publishes a null MX");

    public static MxSelection From(
        DomainName domain, IReadOnlyList<DnsRecord> answer, DomainName ownName, ILogger logger)
    {
        var records = new List<DnsRecord.MailExchange>(answer.Count);
        var nulls = 0;
        foreach (var record in answer)
        {
            if (record is not DnsRecord.MailExchange mx)
            {
                continue;
            }

            if (mx.Exchange.IsRoot)
            {
                nulls++;
            }
            else if (HostNames.IsUsable(mx.Exchange))
            {
                records.Add(mx);
            }
            else
            {
                logger.MxNameUnusable(domain.Value, mx.Exchange.Value);
            }
        }

        if (IsNullMx(answer))
        {
            // RFC 7505 §3: the domain says that it takes no mail; there is nothing to wait for.
            return new([], NullMx(domain));
        }

        if (nulls > 0)
        {
            // RFC 7505 §3: a null MX must stand alone; next to others it is the publisher's error, and the others are
            // meant.
            logger.NullMxBesideOthers(domain.Value);
        }

        if (records.Count == 0)
        {
            // RFC 5321 §5.1: MX records that lead nowhere are an error; the domain's own address must not be used
            // instead.
            return new(
                [], new(FailureReason.NoUsableMx, new(5, 4, 4), $"{domain} publishes no MX host that can be used"));
        }

        return Order(domain, records, ownName);
    }

    private static MxSelection Order(DomainName domain, List<DnsRecord.MailExchange> records, DomainName ownName)
    {
        // RFC 5321 §5.1: equal preferences are tried in random order; a shuffle before a stable sort gives that.
        var shuffled = records.ToArray();
        RandomNumberGenerator.Shuffle<DnsRecord.MailExchange>(shuffled);
        var ordered = shuffled.OrderBy(mx => mx.Preference).DistinctBy(mx => mx.Exchange).ToList();
        var own = ordered.FindIndex(mx => mx.Exchange == ownName);
        if (own >= 0)
        {
            // RFC 5321 §5.1: hosts not better than ourselves would hand the message back to us.
            var ownPreference = ordered[own].Preference;
            ordered.RemoveAll(mx => mx.Preference >= ownPreference);
        }

        if (ordered.Count == 0)
        {
            return new([], new(
                FailureReason.MailLoop, new(5, 4, 6), $"mail for {domain} loops back: {ownName} is its best MX host"));
        }

        return new(ordered.Count > MaxHosts ? ordered[..MaxHosts] : ordered, null);
    }
}
