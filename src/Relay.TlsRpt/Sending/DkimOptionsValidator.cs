using Microsoft.Extensions.Options;
using Relay.Mail;

namespace Relay.TlsRpt.Sending;

/// <summary>Refuses a signing key that is not there, that others can read, or that signs for somebody else.</summary>
internal sealed class DkimOptionsValidator : IValidateOptions<TlsRptOptions>
{
    public ValidateOptionsResult Validate(string? name, TlsRptOptions options)
    {
        var faults = new List<string>();
        var dkim = options.Dkim;
        CheckSelector(dkim, faults);
        CheckDomain(options, faults);
        if (dkim.KeyFile is { } file && !SigningKey.TryRead(file, out _, out var fault))
        {
            faults.Add($"TlsRpt:Dkim:KeyFile: \"{file}\" {fault}");
        }

        return faults.Count > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }

    private static void CheckSelector(TlsRptOptions.DkimKey dkim, List<string> faults)
    {
        if (dkim.Selector is null != dkim.KeyFile is null)
        {
            var (given, missing) = dkim.Selector is null ? ("KeyFile", "Selector") : ("Selector", "KeyFile");
            faults.Add($"TlsRpt:Dkim:{missing}: missing, although TlsRpt:Dkim:{given} is set; set both, as relay dkim new prints them");
        }
        else if (dkim.Selector is { } selector && !SigningKey.IsSelector(selector))
        {
            faults.Add($"TlsRpt:Dkim:Selector: \"{selector}\" is no selector; write letters, digits and hyphens, as rpt1");
        }
    }

    // RFC 8460 §3: the signature is the reporting domain's own, or receivers ignore the report.
    private static void CheckDomain(TlsRptOptions options, List<string> faults)
    {
        if (options.Dkim.Domain is not { } text)
        {
            return;
        }

        if (!DomainName.TryParse(text, out var domain) || domain.IsRoot)
        {
            faults.Add($"TlsRpt:Dkim:Domain: \"{text}\" is no domain name; write example.com");
            return;
        }

        if (options.Contact is { } contact
            && DomainName.TryParse(contact[(contact.LastIndexOf('@') + 1)..], out var submitter)
            && submitter != domain)
        {
            faults.Add(
                $"TlsRpt:Dkim:Domain: \"{text}\" is not the domain of TlsRpt:Contact (\"{contact}\"), and receivers ignore reports that "
                + "another domain signs; make them the same");
        }
    }
}
