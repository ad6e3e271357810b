namespace Relay.MtaSts.Policies;

/// <summary>What is wrong with the only record that claims to be an MTA-STS record (RFC 8461 §3.1).</summary>
public enum StsRecordFault
{
    /// <summary>No field after the version is an id.</summary>
    IdMissing = 0,

    /// <summary>The first id is not 1 to 32 ASCII letters and digits.</summary>
    IdMalformed,

    /// <summary>A field has no name, no equals sign, or a name outside the grammar.</summary>
    FieldMalformed,

    /// <summary>A field has an empty value or one with characters outside the grammar.</summary>
    ValueMalformed,
}
