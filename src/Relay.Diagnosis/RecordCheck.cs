using System.Globalization;
using Relay.Dns;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.Diagnosis;

/// <summary>The TXT record that announces a policy (RFC 8461 §3.1).</summary>
internal sealed class RecordCheck(IDnsResolver resolver)
{
    private const string Step = "txt-record";

    public async Task<CheckSection> RunAsync(DomainName domain, CancellationToken cancellationToken)
    {
        if (!domain.TryPrepend("_mta-sts", out var name))
        {
            return Section(domain, CheckStep.Failed(Step, "the name is too long for DNS", "MTA-STS is not possible for this domain"));
        }

        var answer = await resolver.QueryAsync(name, DnsRecordType.Txt, cancellationToken);
        return Section(domain, answer.IsTransient
            ? CheckStep.Failed(
                Step,
                $"DNS does not answer: {answer.Detail}",
                "Mend the domain's name servers, or the resolver used here (Dns:Servers)")
            : Judge(name, answer));
    }

    private static CheckSection Section(DomainName domain, CheckStep step) => new($"Record at _mta-sts.{domain}", [step]);

    private static CheckStep Judge(DomainName name, DnsAnswer answer)
    {
        var alias = TextRecord.AliasNote(answer, name);
        return StsRecord.Parse(answer.Records) switch
        {
            StsRecordSet.Found found => CheckStep.Passed(Step, $"id={found.Id}{alias}"),
            StsRecordSet.Multiple several => CheckStep.Failed(
                Step,
                string.Create(CultureInfo.InvariantCulture, $"{several.Count} records begin with v=STSv1, so none counts{alias}"),
                "Remove all but one of them"),
            StsRecordSet.Invalid invalid => CheckStep.Failed(
                Step,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{RemedyFor(invalid.Fault).Finding} at octet {invalid.Offset}: {TextRecord.Shown(answer)}{alias}"),
                RemedyFor(invalid.Fault).Remedy),
            _ => Absent(name, answer, alias),
        };
    }

    private static CheckStep Absent(DomainName name, DnsAnswer answer, string alias)
    {
        var remedy =
            $"Publish: {name}. TXT \"v=STSv1; id=20260101T000000;\" with an id of your own, new with every change of the policy";
        return TextRecord.In(answer).Count == 0
            ? CheckStep.Failed(Step, $"there is no TXT record{alias}", remedy)
            : CheckStep.Failed(
                Step, $"no TXT record begins with \"v=STSv1;\"{Why(answer)}: {TextRecord.Shown(answer)}{alias}", remedy);
    }

    private static string Why(DnsAnswer answer) =>
        TextRecord.WhyUnrecognised(answer, "v=STSv1") is { } why ? $", {why}" : string.Empty;

    private static (string Finding, string Remedy) RemedyFor(StsRecordFault fault) => fault switch
    {
        StsRecordFault.IdMissing => ("there is no id", "Add id= with 1 to 32 letters and digits"),
        StsRecordFault.IdMalformed => ("the id is malformed", "Write the id with 1 to 32 ASCII letters and digits, nothing else"),
        StsRecordFault.FieldMalformed => ("a field is not name=value", "Write the record as v=STSv1; id=20260101T000000;"),
        _ => ("a field has a malformed value", "Remove the field, or write its value in visible ASCII without = and ;"),
    };
}
