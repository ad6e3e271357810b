namespace Relay.MtaSts;

/// <summary>Numbers of the log events of MTA-STS; operators alert on them, so none is ever reused.</summary>
public static class MtaStsEventIds
{
    /// <summary><c>policy-first-seen</c>.</summary>
    public const int PolicyFirstSeen = 7001;

    /// <summary><c>policy-renewed</c>.</summary>
    public const int PolicyRenewed = 7002;

    /// <summary><c>policy-changed</c>.</summary>
    public const int PolicyChanged = 7003;

    /// <summary><c>policy-weakened</c>.</summary>
    public const int PolicyWeakened = 7004;

    /// <summary><c>policy-kept</c>.</summary>
    public const int PolicyKept = 7005;

    /// <summary><c>policy-expired</c>.</summary>
    public const int PolicyExpired = 7006;

    /// <summary><c>policy-invalid</c>.</summary>
    public const int PolicyInvalid = 7007;

    /// <summary>
    /// <c>policy-unavailable</c>: a record is published, its policy cannot be had, nothing is cached.
    /// </summary>
    public const int PolicyUnavailable = 7008;

    /// <summary><c>policy-unknown</c>: the record could not be looked up and nothing is cached.</summary>
    public const int PolicyUnknown = 7009;

    /// <summary><c>policy-fault</c>: a fault of this program while a policy was looked for.</summary>
    public const int PolicyFault = 7010;

    /// <summary><c>mx-refused</c>.</summary>
    public const int MxRefused = 7020;

    /// <summary><c>sts-testing</c>.</summary>
    public const int Testing = 7021;

    /// <summary><c>sts-override</c>.</summary>
    public const int Override = 7022;

    /// <summary><c>sts-verified</c>.</summary>
    public const int Verified = 7023;

    /// <summary><c>policy-store-failed</c>.</summary>
    public const int StoreFailed = 7040;

    /// <summary><c>policy-store-set-aside</c>.</summary>
    public const int StoreSetAside = 7041;

    /// <summary><c>policy-store-rescued</c>.</summary>
    public const int StoreRescued = 7042;

    /// <summary><c>policy-store-empty</c>: policies that were remembered are not in the store.</summary>
    public const int StoreEmpty = 7043;
}
