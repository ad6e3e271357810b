namespace Relay.TlsRpt.Records;

/// <summary>
/// What the TXT records at <c>_smtp._tls</c> say together (RFC 8460 §3). All but the first mean that nobody asked.
/// </summary>
public abstract record TlsRptRecordSet
{
    private TlsRptRecordSet()
    {
    }

    /// <summary>One valid record.</summary>
    /// <param name="Destinations">
    /// What of it can be used, in the order published, without repeats; empty when it names no usable destination.
    /// </param>
    public sealed record Found(IReadOnlyList<TlsRptDestination> Destinations) : TlsRptRecordSet
    {
        /// <summary>The first of those that cannot be used, and why, for the domain's owner.</summary>
        public IReadOnlyList<UnusableRua> Unusable { get; init; } = [];
    }

    /// <summary>No record begins with the version.</summary>
    public sealed record Absent : TlsRptRecordSet
    {
        /// <summary>The only instance anyone needs.</summary>
        public static Absent Instance { get; } = new();
    }

    /// <summary>More than one record begins with the version, so that none counts.</summary>
    /// <param name="Count">How many.</param>
    public sealed record Multiple(int Count) : TlsRptRecordSet;

    /// <summary>One record begins with the version and names no destination at all.</summary>
    public sealed record Invalid : TlsRptRecordSet
    {
        /// <summary>The only instance anyone needs.</summary>
        public static Invalid Instance { get; } = new();
    }
}
