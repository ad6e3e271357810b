using Relay.Dns;
using Relay.Mail;

namespace Relay.TlsRpt.Records;

/// <summary>Looks up where a policy domain wants its reports (RFC 8460 §3).</summary>
public sealed class TlsRptLookup(IDnsResolver resolver)
{
    /// <summary>
    /// Asks for TXT at <c>_smtp._tls.</c> and the domain, and nowhere else. Null, with what happened, when DNS does not
    /// answer:
    /// that proves nothing.
    /// </summary>
    public async ValueTask<(TlsRptRecordSet? Records, string Detail)> LookUpAsync(
        DomainName domain, CancellationToken cancellationToken)
    {
        if (!domain.TryPrepend("_tls", out var name) || !name.TryPrepend("_smtp", out name))
        {
            // A name that DNS cannot carry has no record.
            return (TlsRptRecordSet.Absent.Instance, string.Empty);
        }

        var answer = await resolver.QueryAsync(name, DnsRecordType.Txt, cancellationToken);
        return (answer.IsTransient ? null : TlsRptRecord.Parse(answer.Records), answer.Detail);
    }
}
