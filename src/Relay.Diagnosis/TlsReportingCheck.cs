using System.Globalization;
using Relay.Dns;
using Relay.Mail;
using Relay.TlsRpt.Records;

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

        // RFC 8460 §3: as the sender of reports reads it, so that nothing passes here that no report would go to.
        return TlsRptRecord.Parse(answer.Records) switch
        {
            TlsRptRecordSet.Found found => Judge(found, name, answer, remedy),
            TlsRptRecordSet.Multiple several => CheckStep.Failed(
                Step,
                string.Create(CultureInfo.InvariantCulture, $"{several.Count} records begin with {Version}, so none counts"),
                "Remove all but one of them"),
            TlsRptRecordSet.Invalid => CheckStep.Failed(
                Step, $"the record names nobody to report to: {TextRecord.Shown(answer)}", remedy),
            _ => Absent(answer, remedy),
        };
    }

    private static CheckStep Judge(TlsRptRecordSet.Found found, DomainName name, DnsAnswer answer, string remedy)
    {
        var odd = found.Destinations.OfType<TlsRptDestination.Mail>().FirstOrDefault(
            mail => mail.Mailbox.StartsWith("//", StringComparison.Ordinal));
        var unusable = string.Join("; ", found.Unusable.Select(rua => $"\"{rua.Text}\" {Describe(rua)}"));
        return (found.Destinations.Count, found.Unusable.Count, odd) switch
        {
            (0, _, _) => CheckStep.Failed(Step, $"the record names nobody to report to: {unusable}", remedy),
            (_, > 0, _) => CheckStep.Advice(
                Step,
                $"reports go to {string.Join(", ", found.Destinations.Select(destination => destination.Rua))}, and not to {unusable}",
                "Write every destination whole, with a comma between them: rua=mailto:a@example.com,mailto:b@example.com"),

            // RFC 6068 §2: mailto has no authority, so that the slashes belong to the mailbox.
            (_, _, { Mailbox: var mailbox }) => CheckStep.Advice(
                Step, $"reports go to the mailbox \"{mailbox}\", slashes and all", "Write mailto: without slashes"),
            _ => CheckStep.Passed(Step, TextRecord.Shown(answer) + TextRecord.AliasNote(answer, name)),
        };
    }

    private static CheckStep Absent(DnsAnswer answer, string remedy)
    {
        if (TextRecord.In(answer).Count == 0)
        {
            return CheckStep.Advice(Step, "there is no record; nobody reports failures to this domain", remedy);
        }

        return TextRecord.WhyUnrecognised(answer, Version) is { } fault
            ? CheckStep.Failed(Step, $"the record is not recognised, {fault}: {TextRecord.Shown(answer)}", remedy)
            : CheckStep.Advice(Step, $"no TXT record begins with \"{Version};\": {TextRecord.Shown(answer)}", remedy);
    }

    private static string Describe(UnusableRua rua) => rua.Fault switch
    {
        TlsRptUriFault.TooLong => "is too long",
        TlsRptUriFault.BadCharacter => "has a character that must be percent-encoded, such as a space or an exclamation mark",
        TlsRptUriFault.NoMailbox => rua.Text.EndsWith('.') ? "ends in a dot, which no mailbox does" : "names no mailbox",
        TlsRptUriFault.NoHost => "names no web server, or a user with it",
        _ => rua.Text.Contains('@', StringComparison.Ordinal) && !rua.Text.Contains(':', StringComparison.Ordinal)
            ? "has no scheme: write mailto: before it"
            : "begins with neither mailto: nor https://",
    };
}
