using Relay.Mail;
using Relay.TlsRpt.Outbox;

namespace Relay.TlsRpt.Ledger;

/// <summary>
/// One line of the list of reports: a day of a domain, and once its report is made, one destination of it.
/// </summary>
public sealed record TlsReportEntry
{
    /// <summary>The day, UTC.</summary>
    public required DateOnly Day { get; init; }

    /// <summary>The policy domain.</summary>
    public required DomainName Domain { get; init; }

    /// <summary>The report's id, which it has even before it is made.</summary>
    public required string ReportId { get; init; }

    /// <summary>Sessions with TLS as it had to be.</summary>
    public required long Succeeded { get; init; }

    /// <summary>Sessions without.</summary>
    public required long Failed { get; init; }

    /// <summary>The destination as published; null while there is none.</summary>
    public string? Rua { get; init; }

    /// <summary>A word of <see cref="ReportState"/>.</summary>
    public required string State { get; init; }

    /// <summary>How often handing it over was tried.</summary>
    public int Attempts { get; init; }

    /// <summary>When it is looked at again; null when it is settled.</summary>
    public DateTimeOffset? Next { get; init; }

    /// <summary>For people: what came of the last try.</summary>
    public string Detail { get; init; } = string.Empty;
}
