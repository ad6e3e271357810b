namespace Relay.Smtp.Client;

/// <summary>What <see cref="ReplyReader"/> made of the octets there are.</summary>
internal enum ReplyReadStatus
{
    /// <summary>The reply is not complete; more octets are needed.</summary>
    Incomplete = 0,

    /// <summary>A whole reply was read.</summary>
    Complete,

    /// <summary>The octets are no reply; nothing that follows them can be trusted.</summary>
    Malformed,
}
