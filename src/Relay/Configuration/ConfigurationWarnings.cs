using System.Net;

namespace Relay.Configuration;

/// <summary>
/// What <c>relay config check</c> warns of, and the log at every start. Nothing here keeps the relay from running: somewhere each is
/// right, behind a firewall or with addresses that are all one's own.
/// </summary>
internal static class ConfigurationWarnings
{
    // Wider than any network that one organisation has.
    private const int WidestOfIPv4 = 8;
    private const int WidestOfIPv6 = 32;

    // Addresses that nobody has from outside: RFC 1918 §3, RFC 6598 §7, RFC 3927 §2.1, RFC 4193 §3.1, RFC 4291 §2.5.6, loopback.
    private static readonly IPNetwork[] Internal =
    [
        .. ((string[])
        [
            "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "127.0.0.0/8",
            "fc00::/7", "fe80::/10", "::1/128",
        ]).Select(network => IPNetwork.Parse(network)),
    ];

    private const UnixFileMode OfOthers =
        UnixFileMode.GroupWrite | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;

    /// <summary>The warnings about settings that have no fault.</summary>
    public static IReadOnlyList<ConfigurationWarning> Of(RelayOptions options)
    {
        var warnings = new List<ConfigurationWarning>();
        for (var i = 0; i < (options.TrustedNetworks?.Count ?? 0); i++)
        {
            var text = options.TrustedNetworks![i];
            if (TrustedNetworks.TryParse(text, out var network) && ObjectionTo(network) is { } objection)
            {
                warnings.Add(new ConfigurationWarning($"Relay:TrustedNetworks:{i}", text, objection));
            }
        }

        if (OfKey(options.Certificate) is { } key)
        {
            warnings.Add(key);
        }

        return warnings;
    }

    /// <summary>Others than the key's owner and its group may use it; null when they may not, or there is none.</summary>
    // Not refused as the other secrets are: a listener without its certificate would take in clear what now comes inside TLS.
    public static ConfigurationWarning? OfKey(CertificateOptions certificate)
    {
        try
        {
            return certificate.KeyFile is { } file && (File.GetUnixFileMode(file) & OfOthers) != 0
                ? new ConfigurationWarning(
                    "Relay:Certificate:KeyFile",
                    file,
                    $"may be read or changed by others than its owner and group: they can pass for this relay; chmod 640 {file}")
                : null;
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // That it cannot be read is told elsewhere.
            return null;
        }
    }

    private static string? ObjectionTo(IPNetwork network)
    {
        var bits = network.BaseAddress.GetAddressBytes().Length * 8;
        if (Internal.Any(one => one.PrefixLength <= network.PrefixLength && one.Contains(network.BaseAddress)))
        {
            return null;
        }

        return network.PrefixLength < (bits == 32 ? WidestOfIPv4 : WidestOfIPv6)
            ? "trusts clients all over the world, who may send as anybody without authenticating: an open relay; write your own networks"
            : network.PrefixLength < bits
                ? "has public addresses: whoever has one of them may send as anybody without authenticating; keep it only if all of them are yours"
                : null;
    }
}
