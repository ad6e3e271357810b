namespace Relay.Dns.Messages;

/// <summary>What a record's data turned out to be.</summary>
internal enum DataKind
{
    /// <summary>They break the format of their type.</summary>
    Broken = 0,

    /// <summary>They are of a type that we never ask for.</summary>
    OtherType,

    /// <summary>They keep the format but name something that no host name can be.</summary>
    Unusable,

    /// <summary>A record.</summary>
    Record,
}
