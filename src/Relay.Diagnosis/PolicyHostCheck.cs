using System.Globalization;
using System.Net;
using Relay.Dns;
using Relay.Mail;
using Relay.MtaSts.Discovery;

namespace Relay.Diagnosis;

/// <summary>The policy host and what it serves (RFC 8461 §3.2, §3.3).</summary>
internal sealed class PolicyHostCheck(IDnsResolver resolver, IPolicyFetcher fetcher, TimeProvider clock)
{
    // A remote party's zone does not get us to knock at a hundred doors.
    private const int MaxAddresses = 8;

    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);

    public async Task<PolicyHostFindings> RunAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var title = $"Policy host mta-sts.{domain}";
        var (addresses, note) = await AddressesAsync(domain, cancellationToken);
        var shown = string.Join(", ", addresses) + note;
        var began = clock.GetTimestamp();
        var fetch = await fetcher.FetchAsync(domain, cancellationToken);
        var took = clock.GetElapsedTime(began);
        if (fetch is PolicyFetch.Fetched { Policy: var policy })
        {
            List<CheckStep> steps =
            [
                CheckStep.Passed("policy-host", shown),
                CheckStep.Passed("certificate", $"valid for mta-sts.{domain}"),
                Served(took),
                .. await EachAsync(domain, addresses, fetch, cancellationToken),
            ];
            return new([new(title, steps), new("Policy", PolicyCheck.Describe(policy))], policy);
        }

        var failure = ((PolicyFetch.Failed)fetch).Failure;
        var each = await EachAsync(domain, addresses, fetch, cancellationToken);
        return new(Explain(title, domain, shown, failure, each), null);
    }

    // A sender comes to any one of the addresses; what the others serve it never learns. One after the other, for verdicts on
    // certificates are kept by host.
    private async Task<List<CheckStep>> EachAsync(
        DomainName domain, IReadOnlyList<IPAddress> addresses, PolicyFetch whole, CancellationToken cancellationToken)
    {
        var steps = new List<CheckStep>();
        foreach (var address in addresses.Count > 1 ? addresses.Take(MaxAddresses) : [])
        {
            steps.Add(Compare(domain, address, whole, await fetcher.FetchFromAsync(domain, address, cancellationToken)));
        }

        return steps;
    }

    private static CheckStep Compare(DomainName domain, IPAddress address, PolicyFetch whole, PolicyFetch one)
    {
        const string Step = "address";
        if (one is PolicyFetch.Fetched { Policy.Text: var text })
        {
            return whole is PolicyFetch.Fetched { Policy: var policy } && policy.Text != text
                ? CheckStep.Failed(Step, $"{address}: serves another policy than the first address", "Serve the same file at every address")
                : CheckStep.Passed(Step, $"{address}: serves a policy");
        }

        var failure = ((PolicyFetch.Failed)one).Failure;
        var finding = failure.Detail.StartsWith($"{address}: ", StringComparison.Ordinal) ? failure.Detail : $"{address}: {failure.Detail}";
        var remedy = failure.Reading is null ? FetchRemedies.StepFor(failure, domain).Remedy!
            : whole is PolicyFetch.Fetched ? "Serve the same file at every address"
            : "Mend the file as the steps on the policy say";

        // RFC 8305 §5: an address that takes no connection costs a sender time; one that takes it and fails ends the fetch.
        return failure.Reason is "connect-failure" or "timeout" && whole is PolicyFetch.Fetched
            ? CheckStep.Advice(Step, finding, remedy)
            : CheckStep.Failed(Step, finding, remedy);
    }

    private static List<CheckSection> Explain(string title, DomainName domain, string addresses, PolicyFailure failure, List<CheckStep> each)
    {
        if (failure.Flaws.Count > 0)
        {
            List<CheckStep> good =
            [
                CheckStep.Passed("policy-host", addresses),
                CheckStep.Passed("certificate", $"valid for mta-sts.{domain}"),
                CheckStep.Passed("https", "answered 200 with text/plain"),
                .. each,
            ];
            return [new(title, good), new("Policy", [.. failure.Flaws.Select(flaw => PolicyRemedies.StepFor(flaw, domain))])];
        }

        var failed = FetchRemedies.StepFor(failure, domain);

        var steps = new List<CheckStep>();
        if (failed.Step != "policy-host" && addresses.Length > 0)
        {
            steps.Add(CheckStep.Passed("policy-host", addresses));
        }

        if (failed.Step == "https" && failure.Reason is not ("connect-failure" or "tls-handshake-failure" or "timeout"))
        {
            steps.Add(CheckStep.Passed("certificate", $"valid for mta-sts.{domain}"));
        }

        return [new(title, [.. steps, failed, .. each])];
    }

    private static CheckStep Served(TimeSpan took)
    {
        var finding = string.Create(
            CultureInfo.InvariantCulture, $"answered 200 with text/plain in {took.TotalSeconds:0.0} s");
        return took < Slow
            ? CheckStep.Passed("https", finding)
            : CheckStep.Advice("https", finding, "Senders give up after a minute or less; serve the file faster");
    }

    private async Task<(IReadOnlyList<IPAddress> Addresses, string Note)> AddressesAsync(DomainName domain, CancellationToken cancellationToken)
    {
        if (!domain.TryPrepend("mta-sts", out var host))
        {
            return ([], string.Empty);
        }

        var six = await resolver.QueryAsync(host, DnsRecordType.Aaaa, cancellationToken);
        var four = await resolver.QueryAsync(host, DnsRecordType.A, cancellationToken);
        var addresses = six.Records.Concat(four.Records).OfType<DnsRecord.Address>().Select(record => record.Value);
        return ([.. addresses], TextRecord.AliasNote(four, host));
    }
}
