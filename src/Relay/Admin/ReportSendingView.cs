namespace Relay.Admin;

/// <summary>How far sending reports has come.</summary>
/// <param name="Done">Steps done.</param>
/// <param name="Total">Steps known of.</param>
/// <param name="Copies">How many copies were tried; null before the end.</param>
internal sealed record ReportSendingView(int Done, int Total, int? Copies);
