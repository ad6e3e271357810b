namespace Relay.MtaSts.Policies;

/// <summary>What the TXT records at <c>_mta-sts</c> say together (RFC 8461 §3.1).</summary>
public abstract record StsRecordSet
{
    private StsRecordSet()
    {
    }

    /// <summary>One valid record.</summary>
    /// <param name="Id">Its id, 1 to 32 letters and digits; only ever compared for equality.</param>
    public sealed record Found(string Id) : StsRecordSet;

    /// <summary>No record begins with the version.</summary>
    public sealed record Absent : StsRecordSet
    {
        /// <summary>The only instance anyone needs.</summary>
        public static Absent Instance { get; } = new();
    }

    /// <summary>More than one record begins with the version, so that none counts.</summary>
    /// <param name="Count">How many.</param>
    public sealed record Multiple(int Count) : StsRecordSet;

    /// <summary>One record begins with the version and breaks the grammar.</summary>
    /// <param name="Fault">How.</param>
    /// <param name="Offset">The octet of the joined record where the faulty field begins, from 0.</param>
    public sealed record Invalid(StsRecordFault Fault, int Offset) : StsRecordSet;
}
