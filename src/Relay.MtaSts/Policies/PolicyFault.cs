namespace Relay.MtaSts.Policies;

/// <summary>What is wrong with a policy file (RFC 8461 §3.2).</summary>
public enum PolicyFault
{
    /// <summary>More than 65536 octets (RFC 8461 §3.3).</summary>
    TooLarge = 0,

    /// <summary>Not UTF-8, or a control character in a line.</summary>
    BadCharacter,

    /// <summary>A line without a colon, or with a field name outside the grammar.</summary>
    FieldMalformed,

    /// <summary>The version is another than STSv1.</summary>
    VersionUnsupported,

    /// <summary>No version.</summary>
    VersionMissing,

    /// <summary>The mode is none of enforce, testing and none.</summary>
    ModeUnknown,

    /// <summary>No mode.</summary>
    ModeMissing,

    /// <summary>max_age is not a number of 1 to 10 digits.</summary>
    MaxAgeMalformed,

    /// <summary>No max_age.</summary>
    MaxAgeMissing,

    /// <summary>An mx value is no name, or has a wildcard elsewhere than as its whole first label.</summary>
    MxMalformed,

    /// <summary>No mx although the mode demands one.</summary>
    MxMissing,
}
