namespace Relay.Lab.Dns;

/// <summary>What the server does instead of answering as the zone says.</summary>
public abstract record LabDnsFault
{
    private LabDnsFault()
    {
    }

    /// <summary>Answers SERVFAIL.</summary>
    public static LabDnsFault ServerFailure { get; } = new Code(2);

    /// <summary>Answers REFUSED.</summary>
    public static LabDnsFault Refused { get; } = new Code(5);

    /// <summary>Answers with a code and no records.</summary>
    public sealed record Code(int Value) : LabDnsFault;

    /// <summary>Never answers. Over TCP the connection stays open.</summary>
    public sealed record Silence : LabDnsFault;

    /// <summary>Over UDP answers with TC set and no records; over TCP as the zone says.</summary>
    public sealed record Truncated : LabDnsFault;

    /// <summary>
    /// Sends a forged answer, then as the zone says unless <paramref name="ThenTruth"/> is false. UDP only.
    /// </summary>
    public sealed record Forged(LabDnsForgery Forgery, bool ThenTruth = true) : LabDnsFault;

    /// <summary>Damages the answer that the zone gives.</summary>
    public sealed record Damaged(LabDnsDamage Damage) : LabDnsFault;

    /// <summary>
    /// Answers as the zone says once the task completes; a <see cref="TaskCompletionSource"/> holds the reins.
    /// </summary>
    public sealed record Held(Task Until) : LabDnsFault;

    /// <summary>Closes a TCP connection without an answer; over UDP the same as <see cref="Silence"/>.</summary>
    public sealed record Dropped : LabDnsFault;

    /// <summary>Answers with whatever octets the function makes of the query.</summary>
    public sealed record Custom(Func<LabDnsQuery, byte[]> Answer) : LabDnsFault;
}
