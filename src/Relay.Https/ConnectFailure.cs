namespace Relay.Https;

/// <summary>No address of a host took the connection; the message names each address and what it did.</summary>
public sealed class ConnectFailure(string message, Exception? cause = null) : IOException(message, cause);
