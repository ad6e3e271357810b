namespace Relay.Delivery.Transport;

/// <summary>How to connect to a host whose first handshake failed.</summary>
/// <param name="Reason">Why it failed: <see cref="TlsSessionRecord.Reason"/>.</param>
/// <param name="IsClear">In clear; otherwise with the lenient offer first.</param>
internal readonly record struct TlsFallbackStep(string Reason, bool IsClear);
