using System.Globalization;
using Relay.Dns;
using Relay.Mail;
using Relay.MtaSts.Discovery;

namespace Relay.Diagnosis;

/// <summary>The policy host and what it serves (RFC 8461 §3.2, §3.3).</summary>
internal sealed class PolicyHostCheck(IDnsResolver resolver, IPolicyFetcher fetcher, TimeProvider clock)
{
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(10);

    public async Task<PolicyHostFindings> RunAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var title = $"Policy host mta-sts.{domain}";
        var addresses = await AddressesAsync(domain, cancellationToken);
        var began = clock.GetTimestamp();
        var fetch = await fetcher.FetchAsync(domain, cancellationToken);
        var took = clock.GetElapsedTime(began);
        if (fetch is PolicyFetch.Fetched { Policy: var policy })
        {
            List<CheckStep> steps =
            [
                CheckStep.Passed("policy-host", addresses),
                CheckStep.Passed("certificate", $"valid for mta-sts.{domain}"),
                Served(took),
            ];
            return new([new(title, steps), new("Policy", PolicyCheck.Describe(policy))], policy);
        }

        var failure = ((PolicyFetch.Failed)fetch).Failure;
        return new(Explain(title, domain, addresses, failure), null);
    }

    private static List<CheckSection> Explain(string title, DomainName domain, string addresses, PolicyFailure failure)
    {
        var failed = FetchRemedies.StepFor(failure, domain);
        if (failed.Step == "policy")
        {
            List<CheckStep> good =
            [
                CheckStep.Passed("policy-host", addresses),
                CheckStep.Passed("certificate", $"valid for mta-sts.{domain}"),
                CheckStep.Passed("https", "answered 200 with text/plain"),
            ];
            return [new(title, good), new("Policy", [failed])];
        }

        var steps = new List<CheckStep>();
        if (failed.Step != "policy-host" && addresses.Length > 0)
        {
            steps.Add(CheckStep.Passed("policy-host", addresses));
        }

        if (failed.Step == "https" && failure.Reason is not ("connect-failure" or "tls-handshake-failure" or "timeout"))
        {
            steps.Add(CheckStep.Passed("certificate", $"valid for mta-sts.{domain}"));
        }

        return [new(title, [.. steps, failed])];
    }

    private static CheckStep Served(TimeSpan took)
    {
        var finding = string.Create(
            CultureInfo.InvariantCulture, $"answered 200 with text/plain in {took.TotalSeconds:0.0} s");
        return took < Slow
            ? CheckStep.Passed("https", finding)
            : CheckStep.Advice("https", finding, "Senders give up after a minute or less; serve the file faster");
    }

    private async Task<string> AddressesAsync(DomainName domain, CancellationToken cancellationToken)
    {
        if (!domain.TryPrepend("mta-sts", out var host))
        {
            return string.Empty;
        }

        var six = await resolver.QueryAsync(host, DnsRecordType.Aaaa, cancellationToken);
        var four = await resolver.QueryAsync(host, DnsRecordType.A, cancellationToken);
        var addresses = six.Records.Concat(four.Records).OfType<DnsRecord.Address>().Select(record => $"{record.Value}");
        return string.Join(", ", addresses) + TextRecord.AliasNote(four, host);
    }
}
