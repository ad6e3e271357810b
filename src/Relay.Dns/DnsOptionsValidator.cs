using System.Globalization;
using Microsoft.Extensions.Options;
using Relay.Dns.Servers;

namespace Relay.Dns;

/// <summary>Checks the options at the start; each message names key, value and remedy.</summary>
internal sealed class DnsOptionsValidator : IValidateOptions<DnsOptions>
{
    private static readonly TimeSpan MinTimeout = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxTimeout = TimeSpan.FromMinutes(1);
    private const int MaxAttempts = 10;
    private const int MaxCacheSize = 10_000_000;

    public ValidateOptionsResult Validate(string? name, DnsOptions options)
    {
        var faults = new List<string>();
        CheckAddresses(nameof(DnsOptions.Servers), options.Servers, faults);
        CheckAddresses(nameof(DnsOptions.TrustedServers), options.TrustedServers, faults);
        CheckTrusted(options, faults);
        CheckPrefixes(options.Nat64Prefixes, faults);
        if (options.Timeout < MinTimeout || options.Timeout > MaxTimeout)
        {
            faults.Add($"Dns:Timeout: \"{options.Timeout:c}\" is out of range; write 00:00:00.1 to 00:01:00, usually 00:00:05");
        }

        CheckRange(nameof(DnsOptions.Attempts), options.Attempts, (1, MaxAttempts), faults);
        CheckRange(nameof(DnsOptions.CacheSize), options.CacheSize, (0, MaxCacheSize), faults);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckAddresses(string key, IReadOnlyList<string> addresses, List<string> faults)
    {
        for (var i = 0; i < addresses.Count; i++)
        {
            if (!ServerAddress.TryParse(addresses[i], out _))
            {
                faults.Add(
                    $"Dns:{key}:{i}: \"{addresses[i]}\" is not an address; write 192.0.2.53 or [2001:db8::53]:5353");
            }
        }
    }

    private static void CheckPrefixes(IReadOnlyList<string> prefixes, List<string> faults)
    {
        for (var i = 0; i < prefixes.Count; i++)
        {
            if (!WrappedAddress.TryRead(prefixes[i], out _))
            {
                faults.Add(
                    $"Dns:Nat64Prefixes:{i}: \"{prefixes[i]}\" is no NAT64 prefix; write 2001:db8:64::/96, of length 32, 40, 48, 56, 64 or 96");
            }
        }
    }

    // A trusted server that is never asked is a slip of the pen that would silently turn DANE off.
    private static void CheckTrusted(DnsOptions options, List<string> faults)
    {
        var servers = options.Servers.Select(ServerAddress.ParseOrNull).ToHashSet();
        for (var i = 0; i < options.TrustedServers.Count && servers.Count > 0; i++)
        {
            if (ServerAddress.ParseOrNull(options.TrustedServers[i]) is { } trusted && !servers.Contains(trusted))
            {
                faults.Add(
                    $"Dns:TrustedServers:{i}: \"{options.TrustedServers[i]}\" is not among Dns:Servers; add it there or remove it here");
            }
        }
    }

    private static void CheckRange(string key, int value, (int Min, int Max) range, List<string> faults)
    {
        if (value < range.Min || value > range.Max)
        {
            faults.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"Dns:{key}: \"{value}\" is out of range; write a number from {range.Min} to {range.Max}"));
        }
    }
}
