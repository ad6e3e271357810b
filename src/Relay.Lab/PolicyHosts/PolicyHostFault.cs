namespace Relay.Lab.PolicyHosts;

/// <summary>What a policy host does instead of sending its whole response.</summary>
public enum PolicyHostFault
{
    /// <summary>Nothing goes wrong.</summary>
    None = 0,

    /// <summary>Closes the connection before the handshake.</summary>
    DropBeforeTls,

    /// <summary>Takes the connection and the client hello, and says nothing more; the connection stays open.</summary>
    SilenceInHandshake,

    /// <summary>Closes the connection after the request.</summary>
    DropAfterRequest,

    /// <summary>Takes the request and says nothing more; the connection stays open.</summary>
    Silence,

    /// <summary>Sends the header and half the body, then nothing more; the connection stays open.</summary>
    Stall,

    /// <summary>Sends the body octet by octet, in the script's pace.</summary>
    Trickle,

    /// <summary>Announces one octet more than it sends, then closes.</summary>
    Truncate,

    /// <summary>Sends body without end, without announcing a length, until the client goes away.</summary>
    Endless,

    /// <summary>Speaks no HTTP.</summary>
    Babble,
}
