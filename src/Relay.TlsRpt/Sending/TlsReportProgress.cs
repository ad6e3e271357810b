namespace Relay.TlsRpt.Sending;

/// <summary>How far sending has come.</summary>
/// <param name="Done">Copies handed over, or tried to.</param>
/// <param name="Total">All of them.</param>
public readonly record struct TlsReportProgress(int Done, int Total);
