using Relay.Reception;

namespace Relay.Submission;

/// <summary>An account and a client that it authenticated from.</summary>
internal readonly record struct KnownClient(DateTimeOffset Time, AddressBlock Client, string Account);
