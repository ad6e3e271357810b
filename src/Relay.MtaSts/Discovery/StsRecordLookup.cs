using Relay.Dns;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Discovery;

/// <summary>Looks up the MTA-STS record of a policy domain (RFC 8461 §3.1).</summary>
public sealed class StsRecordLookup(IDnsResolver resolver, IDnsCache? cache = null)
{
    private static readonly TimeSpan TooLongToAsk = TimeSpan.FromHours(1);

    /// <summary>As <see cref="LookUpAsync"/>, whatever the resolver still remembers.</summary>
    public ValueTask<StsRecordAnswer> LookUpAfreshAsync(DomainName domain, CancellationToken cancellationToken)
    {
        if (domain.TryPrepend("_mta-sts", out var name))
        {
            cache?.Forget(name, DnsRecordType.Txt);
        }

        return LookUpAsync(domain, cancellationToken);
    }

    /// <summary>
    /// Asks for TXT at <c>_mta-sts.</c> and the domain, and nowhere else. Completes synchronously when the resolver
    /// knows the answer.
    /// </summary>
    public async ValueTask<StsRecordAnswer> LookUpAsync(DomainName domain, CancellationToken cancellationToken)
    {
        // RFC 8461 §3.1, §3.4: the policy domain's own name only; a parent's record says nothing about a subdomain.
        if (!domain.TryPrepend("_mta-sts", out var name))
        {
            // A name that DNS cannot carry has no record.
            return new StsRecordAnswer.Definitive(StsRecordSet.Absent.Instance, TooLongToAsk);
        }

        var answer = await resolver.QueryAsync(name, DnsRecordType.Txt, cancellationToken);

        // RFC 8461 §3.3, §10.2: a failing lookup proves nothing; only an answer can say that there is no record.
        return answer.IsTransient
            ? new StsRecordAnswer.TemporaryFailure(answer.Detail)
            : new StsRecordAnswer.Definitive(StsRecord.Parse(answer.Records), answer.TimeToLive);
    }
}
