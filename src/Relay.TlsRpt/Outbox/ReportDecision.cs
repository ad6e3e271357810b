using Relay.TlsRpt.Format;
using Relay.TlsRpt.Sending;

namespace Relay.TlsRpt.Outbox;

/// <summary>What is to become of a report that is due.</summary>
/// <param name="Report">Which.</param>
/// <param name="Detail">For people: why.</param>
internal abstract record ReportDecision(DueReport Report, string Detail)
{
    /// <summary>DNS is silent; it is asked again.</summary>
    public sealed record Postponed(DueReport Report, DateTimeOffset Since, DateTimeOffset Next, string Detail)
        : ReportDecision(Report, Detail);

    /// <summary>There will be none.</summary>
    public sealed record Closed(DueReport Report, string State, string Detail) : ReportDecision(Report, Detail);

    /// <summary>It is made, and goes to those of these places that are used.</summary>
    public sealed record Made(DueReport Report, TlsReportDocument Document, FoundDestinations.Places Places)
        : ReportDecision(Report, Places.Detail);
}
