namespace Relay.MtaSts.Cache;

/// <summary>A fetch that failed and is not repeated for a while (RFC 8461 §3.3).</summary>
/// <param name="Id">The id it was for; another id is fetched at once.</param>
/// <param name="Count">Failures in a row for this id, from 1.</param>
/// <param name="RetryAt">The timestamp from which on the id may be fetched again.</param>
internal sealed record FailedFetch(string Id, int Count, long RetryAt);
