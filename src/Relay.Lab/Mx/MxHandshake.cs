namespace Relay.Lab.Mx;

/// <summary>What an MX host does after its 220 to STARTTLS.</summary>
public enum MxHandshake
{
    /// <summary>The handshake and the session in TLS.</summary>
    Complete = 0,

    /// <summary>Octets that are no TLS instead of a ServerHello, then the end of the connection.</summary>
    Garbage,

    /// <summary>Closes without a ServerHello.</summary>
    CloseInstead,

    /// <summary>Closes as soon as the handshake is done, as a host does that refuses the client after it.</summary>
    CloseAfter,

    /// <summary>Says nothing until <see cref="LabMx.Release"/>, then goes on.</summary>
    Stall,
}
