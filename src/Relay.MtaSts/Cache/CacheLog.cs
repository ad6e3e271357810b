using Microsoft.Extensions.Logging;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Cache;

/// <summary>Every change of a policy is an event.</summary>
internal static partial class CacheLog
{
    [LoggerMessage(EventId = MtaStsEventIds.PolicyFirstSeen, EventName = "policy-first-seen", Level = LogLevel.Information,
        Message = "domain={Domain} mode={Mode} sts-id={StsId} expires={Expires}")]
    public static partial void PolicyFirstSeen(
        this ILogger logger, DomainName domain, PolicyMode mode, string stsId, DateTimeOffset expires);

    [LoggerMessage(EventId = MtaStsEventIds.PolicyRenewed, EventName = "policy-renewed", Level = LogLevel.Information,
        Message = "domain={Domain} mode={Mode} sts-id={StsId} expires={Expires}")]
    public static partial void PolicyRenewed(
        this ILogger logger, DomainName domain, PolicyMode mode, string stsId, DateTimeOffset expires);

    [LoggerMessage(EventId = MtaStsEventIds.PolicyChanged, EventName = "policy-changed", Level = LogLevel.Information,
        Message = "domain={Domain} mode={Mode} was={Was} sts-id={StsId} text={Text}")]
    public static partial void PolicyChanged(
        this ILogger logger, DomainName domain, PolicyMode mode, PolicyMode was, string stsId, string text);

    [LoggerMessage(EventId = MtaStsEventIds.PolicyWeakened, EventName = "policy-weakened", Level = LogLevel.Warning,
        Message = "domain={Domain} mode={Mode} was={Was} sts-id={StsId} text={Text}")]
    public static partial void PolicyWeakened(
        this ILogger logger, DomainName domain, PolicyMode mode, PolicyMode was, string? stsId, string text);

    [LoggerMessage(EventId = MtaStsEventIds.PolicyKept, EventName = "policy-kept", Level = LogLevel.Warning,
        Message = "domain={Domain} mode={Mode} sts-id={StsId} expires={Expires} reason={Reason} text={Text}")]
    public static partial void PolicyKept(
        this ILogger logger, DomainName domain, PolicyMode mode, string stsId, DateTimeOffset expires, string reason, string text);

    [LoggerMessage(EventId = MtaStsEventIds.PolicyExpired, EventName = "policy-expired", Level = LogLevel.Information,
        Message = "domain={Domain} mode={Mode} sts-id={StsId}")]
    public static partial void PolicyExpired(this ILogger logger, DomainName domain, PolicyMode mode, string stsId);

    [LoggerMessage(EventId = MtaStsEventIds.PolicyInvalid, EventName = "policy-invalid", Level = LogLevel.Warning,
        Message = "domain={Domain} reason={Reason} text={Text}")]
    public static partial void PolicyInvalid(this ILogger logger, DomainName domain, string reason, string text);

    [LoggerMessage(EventId = MtaStsEventIds.PolicyUnavailable, EventName = "policy-unavailable", Level = LogLevel.Warning,
        Message = "domain={Domain} sts-id={StsId} reason={Reason} text={Text}")]
    public static partial void PolicyUnavailable(
        this ILogger logger, DomainName domain, string stsId, string reason, string text);

    [LoggerMessage(EventId = MtaStsEventIds.PolicyUnknown, EventName = "policy-unknown", Level = LogLevel.Warning,
        Message = "domain={Domain} since={Since} delivers={Delivers} text={Text}")]
    public static partial void PolicyUnknown(
        this ILogger logger, DomainName domain, DateTimeOffset since, bool delivers, string text);

    [LoggerMessage(EventId = MtaStsEventIds.PolicyFault, EventName = "policy-fault", Level = LogLevel.Error,
        Message = "domain={Domain} text={Text}")]
    public static partial void PolicyFaulted(this ILogger logger, string? domain, string text, Exception fault);

    [LoggerMessage(EventId = MtaStsEventIds.StoreFailed, EventName = "policy-store-failed", Level = LogLevel.Error,
        Message = "domain={Domain} text={Text}")]
    public static partial void StoreFailed(this ILogger logger, string? domain, string text);

    [LoggerMessage(EventId = MtaStsEventIds.StoreSetAside, EventName = "policy-store-set-aside", Level = LogLevel.Error,
        Message = "file={File} moved-to={MovedTo} text={Text}")]
    public static partial void StoreSetAside(this ILogger logger, string file, string movedTo, string text);

    [LoggerMessage(EventId = MtaStsEventIds.StoreRescued, EventName = "policy-store-rescued", Level = LogLevel.Warning,
        Message = "policies={Policies}")]
    public static partial void StoreRescued(this ILogger logger, int policies);

    [LoggerMessage(EventId = MtaStsEventIds.StoreEmpty, EventName = "policy-store-empty", Level = LogLevel.Error,
        Message = "known={Known} caution-until={CautionUntil}")]
    public static partial void StoreEmpty(this ILogger logger, int known, DateTimeOffset? cautionUntil);
}
