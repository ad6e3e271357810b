namespace Relay.Dns;

/// <summary>What a lookup came to. Absence, failure and silence are different facts and stay so.</summary>
public enum DnsStatus
{
    /// <summary>No server answered in time; nothing is known.</summary>
    Timeout = 0,

    /// <summary>There are records of the type asked for.</summary>
    Answered,

    /// <summary>The name exists and has no record of this type (RFC 2308 §2.2).</summary>
    NoData,

    /// <summary>The name, or the name its aliases lead to, does not exist: NXDOMAIN (RFC 2308 §2.1).</summary>
    NameError,

    /// <summary>Every server answered with a failure: SERVFAIL, REFUSED and their like (RFC 1035 §4.1.1).</summary>
    ServerFailure,

    /// <summary>The answer broke the format, ran into a limit, or its aliases form a loop; it proves nothing.</summary>
    Malformed,
}
