namespace Relay.MtaSts.Cache;

/// <summary>A fetch that failed and is not repeated for a while (RFC 8461 §3.3).</summary>
/// <param name="Id">The id it was for.</param>
/// <param name="Count">Failures in a row, from 1: for this id, and for those before it that came while the domain was left alone.</param>
/// <param name="RetryAt">The timestamp from which on the id may be fetched again.</param>
/// <param name="OtherIdAt">The timestamp from which on another id may be fetched.</param>
internal sealed record FailedFetch(string Id, int Count, long RetryAt, long OtherIdAt)
{
    /// <summary>The timestamp from which on an id may be fetched.</summary>
    public long AllowedAt(string id) => id == Id ? RetryAt : OtherIdAt;
}
