namespace Relay.MtaSts.Cache;

/// <summary>The last fetch of a domain's policy, whatever it came to.</summary>
/// <param name="Id">The id it was for.</param>
/// <param name="At">The timestamp of its end.</param>
internal readonly record struct EndedFetch(string Id, long At);
