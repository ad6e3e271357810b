using System.ComponentModel.DataAnnotations;

namespace Relay.MtaSts;

/// <summary>How policies are found and applied.</summary>
public sealed class MtaStsOptions
{
    /// <summary>Where these options stand in the configuration.</summary>
    public const string Section = "MtaSts";

    /// <summary>False: no policy is looked for, every destination is served opportunistically.</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// How long one policy fetch may take, names to last octet, 1 s to 5 min. RFC 8461 §3.3 suggests a minute.
    /// </summary>
    public TimeSpan FetchTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The port of policy hosts; other than 443 only in labs and private PKIs.</summary>
    public int FetchPort { get; init; } = 443;

    /// <summary>
    /// PEM file whose certificates replace the system's roots for policy hosts; null keeps the system's.
    /// </summary>
    public string? TrustedRootsFile { get; init; }

    /// <summary>How often a live policy is fetched again, 5 min to 7 days (RFC 8461 §10.2).</summary>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromDays(1);

    /// <summary>
    /// How long mail to a domain waits, from the first lookup that failed, while DNS does not say whether the domain
    /// has a policy; zero for not at all; at most 5 days.
    /// </summary>
    public TimeSpan UnknownPolicyPatience { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>True: policy hosts may have loopback, private and link-local addresses.</summary>
    public bool AllowPrivateHosts { get; init; }

    /// <summary>The operator's own word on single domains.</summary>
    public IReadOnlyList<DomainOverride> Domains { get; init; } = [];

    /// <summary>One domain's override.</summary>
    public sealed class DomainOverride
    {
        /// <summary>The policy domain, exactly.</summary>
        [Required]
        public string Domain { get; init; } = string.Empty;

        /// <summary>What to do with its policy.</summary>
        public OverrideMode Mode { get; init; }

        /// <summary>When this ends, with an offset; null for never.</summary>
        public DateTimeOffset? Until { get; init; }
    }
}
