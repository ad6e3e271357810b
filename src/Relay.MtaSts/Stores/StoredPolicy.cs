using Relay.MtaSts.Cache;

namespace Relay.MtaSts.Stores;

/// <summary>A policy as the store keeps it.</summary>
/// <param name="Policy">The policy.</param>
/// <param name="RefreshAt">When the background refresh is due, UTC.</param>
/// <param name="UsedAt">When mail last asked for it, UTC, to the day.</param>
internal sealed record StoredPolicy(CachedPolicy Policy, DateTimeOffset RefreshAt, DateTimeOffset UsedAt);
