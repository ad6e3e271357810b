using System.Globalization;
using Microsoft.Extensions.Options;
using Relay.Mail;
using Relay.Tls;

namespace Relay.MtaSts;

/// <summary>Names every fault of the section with key, value and remedy.</summary>
internal sealed class MtaStsOptionsValidator : IValidateOptions<MtaStsOptions>
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan FiveMinutes = TimeSpan.FromMinutes(5);

    public ValidateOptionsResult Validate(string? name, MtaStsOptions options)
    {
        var faults = new List<string>();
        Between(faults, nameof(MtaStsOptions.FetchTimeout), options.FetchTimeout, Second, FiveMinutes);
        Between(faults, nameof(MtaStsOptions.RefreshInterval), options.RefreshInterval, FiveMinutes, TimeSpan.FromDays(7));
        Between(faults, nameof(MtaStsOptions.UnknownPolicyPatience), options.UnknownPolicyPatience, TimeSpan.Zero, TimeSpan.FromDays(5));
        if (options.FetchPort is < 1 or > 65_535)
        {
            faults.Add($"MtaSts:FetchPort: {options.FetchPort} is no port; write 1 to 65535");
        }

        if (TrustedRoots.FaultOf("MtaSts:TrustedRootsFile", options.TrustedRootsFile) is { } fault)
        {
            faults.Add(fault);
        }

        for (var index = 0; index < options.Domains.Count; index++)
        {
            CheckDomain(faults, index, options.Domains[index]);
        }

        return faults.Count > 0 ? ValidateOptionsResult.Fail(faults) : ValidateOptionsResult.Success;
    }

    private static void Between(List<string> faults, string key, TimeSpan value, TimeSpan least, TimeSpan most)
    {
        if (value < least || value > most)
        {
            faults.Add($"MtaSts:{key}: {value} is out of range; write {least} to {most}");
        }
    }

    private static void CheckDomain(List<string> faults, int index, MtaStsOptions.DomainOverride entry)
    {
        var key = string.Create(CultureInfo.InvariantCulture, $"MtaSts:Domains:{index}");
        if (!DomainName.TryParse(entry.Domain, out var domain) || domain.IsRoot)
        {
            faults.Add($"{key}:Domain: \"{entry.Domain}\" is no domain name; write example.com");
        }

        if (entry.Mode is not (OverrideMode.Enforce or OverrideMode.Testing or OverrideMode.Off))
        {
            faults.Add($"{key}:Mode: \"{entry.Mode}\" is unknown; write Enforce, Testing or Off");
        }
    }
}
