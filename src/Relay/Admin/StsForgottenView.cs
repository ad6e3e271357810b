namespace Relay.Admin;

/// <summary>A domain was forgotten.</summary>
internal sealed record StsForgottenView(string Domain);
