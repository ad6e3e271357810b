using Relay.Mail;

namespace Relay.Dns;

/// <summary>The outcome of one lookup.</summary>
/// <param name="Status">What the lookup came to; everything else depends on it.</param>
/// <param name="CanonicalName">The name at the end of the alias chain; the name asked for when there is none.</param>
/// <param name="Records">The records of the type asked for at <paramref name="CanonicalName"/>; empty unless
/// answered.</param>
/// <param name="IsAuthenticated">The AD bit, from a server configured as trusted only (RFC 4035 §3.2.3).</param>
/// <param name="TimeToLive">
/// How long the answer may be kept, counted from when it was received: the smallest of the chain, at most a day, or the
/// negative one, at most three hours (RFC 2308 §5); a failure's is one second (RFC 9520 §3.2).
/// </param>
/// <param name="Detail">For people: which server said what. Never empty when the lookup failed.</param>
public sealed record DnsAnswer(
    DnsStatus Status,
    DomainName CanonicalName,
    IReadOnlyList<DnsRecord> Records,
    bool IsAuthenticated,
    TimeSpan TimeToLive,
    string Detail)
{
    /// <summary>The clock's timestamp of when the servers said so; null where the resolver does not tell.</summary>
    public long? ReceivedAt { get; init; }

    /// <summary>The answer says something about the name: records, no data, or no such name.</summary>
    public bool IsDefinitive => Status is DnsStatus.Answered or DnsStatus.NoData or DnsStatus.NameError;

    /// <summary>Nothing was learnt; asking again later may help.</summary>
    public bool IsTransient => !IsDefinitive;
}
