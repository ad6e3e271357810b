namespace Relay.TlsRpt.Sending;

/// <summary>What came of handing a report over once.</summary>
/// <param name="Detail">For people: a queue id, a status code, a fault.</param>
public abstract record ReportDispatch(string Detail)
{
    /// <summary>The destination has it; it is never sent there again.</summary>
    /// <param name="Detail">Where it is now.</param>
    public sealed record Accepted(string Detail) : ReportDispatch(Detail);

    /// <summary>Not now (RFC 8460 §5.5).</summary>
    /// <param name="Detail">Why.</param>
    /// <param name="After">
    /// How long the destination asks to be left alone (Retry-After); null when it does not say.
    /// </param>
    public sealed record TryLater(string Detail, TimeSpan? After) : ReportDispatch(Detail);

    /// <summary>Never: another try would end the same way.</summary>
    /// <param name="Detail">Why.</param>
    public sealed record Refused(string Detail) : ReportDispatch(Detail);
}
