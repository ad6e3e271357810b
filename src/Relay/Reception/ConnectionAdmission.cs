namespace Relay.Reception;

/// <summary>Whether a connection is let in.</summary>
internal enum ConnectionAdmission
{
    /// <summary>There are too many in all.</summary>
    TooMany = 0,

    /// <summary>There are too many from its address.</summary>
    TooManyFromAddress,

    /// <summary>There are too many from its network.</summary>
    TooManyFromNetwork,

    /// <summary>It is let in.</summary>
    Admitted,
}
