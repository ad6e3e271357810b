namespace Relay.MtaSts.Reporting;

/// <summary>How far sending has come.</summary>
/// <param name="Done">Steps done: a report made, or a copy handed over.</param>
/// <param name="Total">Steps known of; grows while reports are made.</param>
public readonly record struct TlsReportProgress(int Done, int Total);
