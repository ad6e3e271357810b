namespace Relay.Lab.Mx;

/// <summary>When an MX host departs from the ordinary.</summary>
/// <param name="Stage">A verb in upper case (<c>EHLO</c>, <c>RCPT</c>, ...), or <see cref="Connect"/>,
/// <see cref="Content"/> or
/// <see cref="EndOfData"/>.</param>
/// <param name="Action">What it does.</param>
public sealed record MxRule(string Stage, MxAction Action)
{
    /// <summary>Before the greeting.</summary>
    public const string Connect = "CONNECT";

    /// <summary>Within the content, once <see cref="AfterOctets"/> of it have come.</summary>
    public const string Content = "CONTENT";

    /// <summary>The final dot has come.</summary>
    public const string EndOfData = ".";

    private int _used;

    /// <summary>Only commands that contain this text, in any case; null for all.</summary>
    public string? Containing { get; init; }

    /// <summary>How often the rule applies, over all connections.</summary>
    public int Times { get; init; } = int.MaxValue;

    /// <summary>For <see cref="Content"/>: how much of the content is read first.</summary>
    public int AfterOctets { get; init; }

    internal bool Applies(string stage, string line) =>
        stage == Stage
        && (Containing is null || line.Contains(Containing, StringComparison.OrdinalIgnoreCase))
        && Interlocked.Increment(ref _used) <= Times;
}
