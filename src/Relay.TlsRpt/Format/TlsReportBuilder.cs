using System.IO.Compression;
using Relay.Mail;
using Relay.TlsRpt.Ledger;

namespace Relay.TlsRpt.Format;

/// <summary>
/// Makes the report of one day and domain from its counts; the same counts always make the same octets.
/// </summary>
internal sealed class TlsReportBuilder(ReportIdentity identity)
{
    /// <summary>RFC 8460 §5.2: receivers may stop at ten megabytes.</summary>
    public const int MaxOctets = 10_000_000;

    private const int MaxPolicies = 32;

    private static readonly int[] DetailLimits = [LedgerWriter.MaxFailures, 100, 10, 0];

    /// <summary>Makes it.</summary>
    public TlsReportDocument Build(DayCounts counts) => Build(counts, MaxOctets);

    /// <summary>
    /// Makes it, no larger than this before compression as long as shortening failure-details can achieve that.
    /// </summary>
    public TlsReportDocument Build(DayCounts counts, int maxOctets)
    {
        var id = identity.ReportIdFor(counts.Day, counts.Domain);
        var whole = counts with { Policies = Gather(counts.Policies) };
        var report = whole;
        var json = Array.Empty<byte>();
        foreach (var limit in DetailLimits)
        {
            report = whole with { Policies = [.. whole.Policies.Select(policy => Shorten(policy, limit))] };
            json = TlsReportJson.Write(report, id, identity);
            if (json.Length <= maxOctets)
            {
                break;
            }
        }

        return new TlsReportDocument(
            id, counts.Day, counts.Domain, json, Compress(json), TlsReportSummary.Write(report, id, identity))
        {
            Submitter = identity.Submitter,
            Contact = identity.Contact,
        };
    }

    /// <summary>The report as it was made, from the store.</summary>
    public static TlsReportDocument Restore(
        string id, DateOnly day, DomainName domain, (string Contact, byte[] Gzip, string Summary) stored)
    {
        ReportIdentity.TryReadContact(stored.Contact, out var contact, out var submitter);
        return new TlsReportDocument(id, day, domain, Decompress(stored.Gzip), stored.Gzip, stored.Summary)
        {
            Submitter = submitter,
            Contact = contact,
        };
    }

    // A domain that changes its policy all day long does not make the report grow without end: the least used policies are counted in one
    // entry without their text.
    private static IReadOnlyList<PolicyCounts> Gather(IReadOnlyList<PolicyCounts> policies)
    {
        if (policies.Count <= MaxPolicies)
        {
            return policies;
        }

        // What could not be had has no text either, and there is one entry for one policy: it goes with the rest, its failures told apart.
        policies = [.. policies.OrderBy(policy => policy.Type == PolicyCounts.NoPolicyFound ? 0 : policy.Lines.Count > 0 ? 1 : 2)];
        var rest = policies.Skip(MaxPolicies - 1).ToList();
        var failures = rest.Sum(policy => policy.Failures.Sum(failure => failure.Count));
        return
        [
            .. policies.Take(MaxPolicies - 1),
            new PolicyCounts(
                rest[0].Type,
                [],
                [],
                rest.Sum(policy => policy.Succeeded),
                rest.Sum(policy => policy.Failed),
                Keep(rest[^1].Lines.Count > 0 ? [] : rest[^1].Failures, LedgerWriter.MaxFailures, failures)),
        ];
    }

    private static PolicyCounts Shorten(PolicyCounts policy, int limit)
    {
        if (policy.Failures.Count <= limit)
        {
            return policy;
        }

        return policy with { Failures = Keep(policy.Failures, limit, policy.Failures.Sum(entry => entry.Count)) };
    }

    // The first so many of them, and of all the others only how many there were.
    private static List<FailureCount> Keep(IReadOnlyList<FailureCount> failures, int limit, long all)
    {
        var kept = failures.Where(entry => entry.Failure != FailureKey.Overflow).Take(limit).ToList();
        var rest = all - kept.Sum(entry => entry.Count);
        return rest > 0 ? [.. kept, new FailureCount(FailureKey.Overflow, rest)] : kept;
    }

    private static byte[] Compress(byte[] json)
    {
        // RFC 8460 §5.2; RFC 1952 §2.3: one member.
        using var output = new MemoryStream();
        using (var gzip = new GZipStream(output, CompressionLevel.Optimal))
        {
            gzip.Write(json);
        }

        return output.ToArray();
    }

    private static byte[] Decompress(byte[] gzip)
    {
        using var input = new GZipStream(new MemoryStream(gzip), CompressionMode.Decompress);
        using var output = new MemoryStream();
        input.CopyTo(output);
        return output.ToArray();
    }
}
