using Relay.Mail;

namespace Relay.TlsRpt.Outbox;

/// <summary>A day of a domain that is to be reported on now.</summary>
/// <param name="Day">The day.</param>
/// <param name="Domain">The domain.</param>
/// <param name="Since">When DNS first failed to say where the report goes; null before that.</param>
internal sealed record DueReport(DateOnly Day, DomainName Domain, DateTimeOffset? Since);
