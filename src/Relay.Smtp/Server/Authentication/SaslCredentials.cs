namespace Relay.Smtp.Server.Authentication;

/// <summary>What a client gave for PLAIN or LOGIN, as it came: nothing is checked, decoded or prepared.</summary>
/// <param name="Mechanism">In capital letters.</param>
/// <param name="AuthorizationId">Whom the client wants to act as; empty for the user itself (RFC 4616 §2).</param>
/// <param name="UserName">Who the client is.</param>
/// <param name="Password">Its password.</param>
public readonly record struct SaslCredentials(
    string Mechanism, ReadOnlyMemory<byte> AuthorizationId, ReadOnlyMemory<byte> UserName, ReadOnlyMemory<byte> Password)
{
    /// <summary>The mechanism alone: what goes into a log must hold no secret.</summary>
    public override string ToString() => Mechanism;
}
