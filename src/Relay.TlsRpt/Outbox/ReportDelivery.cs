using Relay.Mail;

namespace Relay.TlsRpt.Outbox;

/// <summary>One report on its way to one destination.</summary>
internal sealed record ReportDelivery(DateOnly Day, DomainName Domain, string Rua, int Attempts, DateTimeOffset ExpiresAt);
