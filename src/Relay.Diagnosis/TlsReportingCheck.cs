using System.Globalization;
using Relay.Dns;
using Relay.Mail;

namespace Relay.Diagnosis;

/// <summary>The record that asks for TLS reports (RFC 8460 §3): whether it is there and names somebody to report to.</summary>
internal sealed class TlsReportingCheck(IDnsResolver resolver)
{
    private const string Step = "tls-rpt";
    private const string Version = "v=TLSRPTv1";

    public async Task<CheckSection> RunAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var step = domain.TryPrepend("_smtp._tls", out var name)
            ? Judge(name, await resolver.QueryAsync(name, DnsRecordType.Txt, cancellationToken))
            : CheckStep.Advice(Step, "the name is too long for DNS", "TLS reports are not possible for this domain");
        return new($"TLS reports at _smtp._tls.{domain}", [step]);
    }

    private static CheckStep Judge(DomainName name, DnsAnswer answer)
    {
        var remedy =
            $"Publish: {name}. TXT \"v=TLSRPTv1; rua=mailto:tls-reports@YOUR-DOMAIN\", so that senders tell of failures";
        if (answer.IsTransient)
        {
            return CheckStep.Advice(
                Step,
                $"DNS does not answer: {answer.Detail}",
                "Mend the domain's name servers, or the resolver used here (Dns:Servers)");
        }

        // RFC 8460 §3: records that do not begin with the version are discarded; unless exactly one is left, none counts.
        var records = TextRecord.In(answer).Where(IsReporting).ToList();
        return records switch
        {
            [] => CheckStep.Advice(Step, "there is no record; nobody reports failures to this domain", remedy),
            [var record] when NamesSomebody(record) => CheckStep.Passed(Step, record + TextRecord.AliasNote(answer, name)),
            [var record] => CheckStep.Failed(Step, $"the record names nobody to report to: \"{record}\"", remedy),
            _ => CheckStep.Failed(
                Step,
                string.Create(CultureInfo.InvariantCulture, $"{records.Count} records begin with {Version}, so none counts"),
                "Remove all but one of them"),
        };
    }

    private static bool IsReporting(string record) =>
        record.StartsWith(Version, StringComparison.Ordinal) && record[Version.Length..].TrimStart(' ', '\t').StartsWith(';');

    // RFC 8460 §3: rua holds URIs with commas between them, of the schemes mailto and https.
    private static bool NamesSomebody(string record) => record.Split(';')
        .Select(field => field.Trim(' ', '\t'))
        .Where(field => field.StartsWith("rua=", StringComparison.Ordinal))
        .SelectMany(field => field["rua=".Length..].Split(','))
        .Any(uri => uri.Trim(' ', '\t') is var target
            && (target.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase)
                || target.StartsWith("https:", StringComparison.OrdinalIgnoreCase)));
}
