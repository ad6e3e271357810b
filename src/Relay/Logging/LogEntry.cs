using Microsoft.Extensions.Logging;

namespace Relay.Logging;

/// <summary>One event on its way to a line.</summary>
/// <param name="Time">When, UTC.</param>
/// <param name="Level">How grave.</param>
/// <param name="Event">Its fixed name.</param>
/// <param name="Fields">Keys and values in order; null values are left out.</param>
/// <param name="Exception">What was thrown, when something was.</param>
internal readonly record struct LogEntry(
    DateTimeOffset Time,
    LogLevel Level,
    string Event,
    IReadOnlyList<KeyValuePair<string, object?>> Fields,
    Exception? Exception);
