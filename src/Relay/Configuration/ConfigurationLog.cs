using Microsoft.Extensions.Logging;

namespace Relay.Configuration;

/// <summary>What the log says of settings.</summary>
internal static partial class ConfigurationLog
{
    /// <summary>Says it once more where it is seen by whoever runs the relay.</summary>
    public static void Warned(this ILogger logger, ConfigurationWarning warning) =>
        logger.ConfigurationWarned(warning.Key, warning.Value, warning.Text);

    [LoggerMessage(EventId = RelayEventIds.ConfigurationWarned, EventName = "config-warning", Level = LogLevel.Warning,
        Message = "{Key} {Value} {Text}")]
    private static partial void ConfigurationWarned(this ILogger logger, string key, string value, string text);
}
