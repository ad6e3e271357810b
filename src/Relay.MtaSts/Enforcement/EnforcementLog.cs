using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Enforcement;

/// <summary>What policies did to mail.</summary>
internal static partial class EnforcementLog
{
    [LoggerMessage(EventId = MtaStsEventIds.MxRefused, EventName = "mx-refused", Level = LogLevel.Warning,
        Message = "queue={Queue} domain={Domain} mx={Mx} reason={Reason} sts={Sts} sts-id={StsId} pattern={Pattern} text={Text}")]
    public static partial void MxRefused(
        this ILogger logger, string queue, DomainName domain, MxHost mx, string reason, string sts, string? stsId, MxPattern? pattern, string text);

    [LoggerMessage(EventId = MtaStsEventIds.Testing, EventName = "sts-testing", Level = LogLevel.Information,
        Message = "queue={Queue} domain={Domain} mx={Mx} reason={Reason} sts={Sts} sts-id={StsId} pattern={Pattern} text={Text}")]
    public static partial void WouldBeRefused(
        this ILogger logger, string queue, DomainName domain, MxHost mx, string reason, string sts, string? stsId, MxPattern? pattern, string text);

    [LoggerMessage(EventId = MtaStsEventIds.Override, EventName = "sts-override", Level = LogLevel.Information,
        Message = "queue={Queue} domain={Domain} override={Override} mode={Mode}")]
    public static partial void Overridden(
        this ILogger logger, string queue, DomainName domain, OverrideMode @override, PolicyMode? mode);

    [LoggerMessage(EventId = MtaStsEventIds.Verified, EventName = "sts-verified", Level = LogLevel.Debug,
        Message =
            "queue={Queue} domain={Domain} mx={Mx} sts={Sts} sts-id={StsId} pattern={Pattern} verified={Verified}")]
    public static partial void Verified(
        this ILogger logger, string queue, DomainName domain, MxHost mx, string sts, string? stsId, MxPattern? pattern, string verified);
}
