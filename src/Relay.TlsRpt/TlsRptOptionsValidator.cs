using Microsoft.Extensions.Options;
using Relay.Mail;
using Relay.TlsRpt.Format;

namespace Relay.TlsRpt;

/// <summary>Names every fault of the section with key, value and remedy.</summary>
internal sealed class TlsRptOptionsValidator : IValidateOptions<TlsRptOptions>
{
    // With date, unique part and at sign the report-id still fits its 255 characters (RFC 8460 §5.3).
    private const int MaxSubmitter = 200;

    public ValidateOptionsResult Validate(string? name, TlsRptOptions options)
    {
        var faults = new List<string>();
        Between(faults, nameof(TlsRptOptions.SendAt), options.SendAt, TimeSpan.FromHours(23));
        Between(faults, nameof(TlsRptOptions.Jitter), options.Jitter, TimeSpan.FromHours(12));
        if (options.RetainDays is < 2 or > 400)
        {
            faults.Add($"TlsRpt:RetainDays: {options.RetainDays} is out of range; write 2 to 400");
        }

        if (options.MaxDestinations is < 1 or > 100)
        {
            faults.Add($"TlsRpt:MaxDestinations: {options.MaxDestinations} is out of range; write 1 to 100");
        }

        if (options.MaxPerMailbox is < 1 or > 100_000)
        {
            faults.Add($"TlsRpt:MaxPerMailbox: {options.MaxPerMailbox} is out of range; write 1 to 100000");
        }

        if (options.OrganizationName is { } organization
            && (organization.Length == 0 || organization.Any(char.IsControl)))
        {
            faults.Add("TlsRpt:OrganizationName: it is empty or has control characters; write a name or leave it out");
        }

        CheckMailbox(faults, nameof(TlsRptOptions.Contact), options.Contact);
        CheckMailbox(faults, nameof(TlsRptOptions.From), options.From);
        return faults.Count > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }

    private static void Between(List<string> faults, string key, TimeSpan value, TimeSpan most)
    {
        if (value < TimeSpan.Zero || value > most)
        {
            faults.Add($"TlsRpt:{key}: {value} is out of range; write {TimeSpan.Zero} to {most}");
        }
    }

    private static void CheckMailbox(List<string> faults, string key, string? value)
    {
        if (value is not null
            && (!ReportIdentity.TryReadContact(value, out _, out var domain)
                || domain.Value.Length > MaxSubmitter
                || !SanitizedText.IsPolicyDomain(domain.Value)))
        {
            faults.Add($"TlsRpt:{key}: \"{value}\" is no mailbox; write tls-reports@example.com or leave it out");
        }
    }
}
