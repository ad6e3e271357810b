using Microsoft.Extensions.Logging;

namespace Relay.Lab.Logging;

/// <summary>An event that was logged, with the values of its message's placeholders.</summary>
/// <param name="Name">The event's name; empty where it has none.</param>
/// <param name="Level">How grave it is.</param>
/// <param name="Fields">The values by placeholder.</param>
public sealed record LogEvent(string Name, LogLevel Level, IReadOnlyDictionary<string, string?> Fields);
