using Relay.Delivery.Observations;
using Relay.Mail;

namespace Relay.MtaSts.Policies;

/// <summary>A policy as published (RFC 8461 §3.2).</summary>
public sealed class StsPolicy
{
    /// <summary>The largest policy file that is read, in octets (RFC 8461 §3.3).</summary>
    public const int MaxOctets = 64 * 1024;

    private ObservedPolicy? _observed;

    internal StsPolicy(PolicyMode mode, TimeSpan maxAge, IReadOnlyList<MxPattern> mxPatterns, string text)
    {
        Mode = mode;
        MaxAge = maxAge;
        MxPatterns = mxPatterns;
        Text = text;
    }

    /// <summary>What the policy asks.</summary>
    public PolicyMode Mode { get; }

    /// <summary>
    /// How long the policy may be kept from its fetch: 0 to 31557600 seconds; zero means for one use.
    /// </summary>
    public TimeSpan MaxAge { get; }

    /// <summary>The patterns in the order of the file, without repeats; may be empty in mode none only.</summary>
    public IReadOnlyList<MxPattern> MxPatterns { get; }

    /// <summary>The file as published, for reports (RFC 8460 §4.4, policy-string).</summary>
    public string Text { get; }

    /// <summary>The policy as reports tell of it; made when first asked for, and the same object ever after.</summary>
    public ObservedPolicy Observed => _observed ??= new ObservedPolicy(
        ObservedPolicyType.Sts,
        // RFC 8460 §4.5: as published, line by line; only line ends are the file's own business.
        Text.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries),
        [.. MxPatterns.Select(pattern => pattern.Text)]);

    /// <summary>
    /// A policy that is announced and cannot be had or is invalid, as reports tell of it (RFC 8460 §4.3.2.2, §4.4): of type <c>sts</c>,
    /// without text and hosts.
    /// </summary>
    public static ObservedPolicy Unavailable { get; } = new(ObservedPolicyType.Sts, [], []);

    /// <summary>A pattern matches the host (RFC 8461 §4.1).</summary>
    /// <param name="host">The name from the MX record, not an alias's target.</param>
    public bool Lists(DomainName host) => TryMatch(host, out _);

    /// <summary>Finds the first pattern that matches the host.</summary>
    public bool TryMatch(DomainName host, out MxPattern pattern)
    {
        for (var index = 0; index < MxPatterns.Count; index++)
        {
            if (MxPatterns[index].Matches(host))
            {
                pattern = MxPatterns[index];
                return true;
            }
        }

        pattern = default;
        return false;
    }

    /// <summary>Reads a policy file. Pure; takes any octets.</summary>
    public static PolicyReading Parse(ReadOnlySpan<byte> body) => new PolicyReader(body).Read();

    /// <summary>Every fault of a file that <see cref="Parse"/> refuses, in the order of its lines and then what is missing; bounded.</summary>
    public static IReadOnlyList<PolicyFlaw> FindFlaws(ReadOnlySpan<byte> body)
    {
        var flaws = new List<PolicyFlaw>();
        var reading = new PolicyReader(body, flaws).Read();
        return flaws.Count == 0 && reading is PolicyReading.Invalid { Fault: var fault, Line: var line }
            ? [new PolicyFlaw(fault, line, string.Empty)]
            : flaws;
    }
}
