using Microsoft.Extensions.Logging;

namespace Relay.Logging;

/// <summary>The section <c>Logging</c>.</summary>
internal sealed class LogOptions
{
    public const string Section = "Logging";

    /// <summary>Text or JSON lines.</summary>
    public LogFormat Format { get; init; } = LogFormat.Text;

    /// <summary>
    /// The least level of the relay's own events that is written; a library speaks from Warning upwards.
    /// </summary>
    public LogLevel Level { get; init; } = LogLevel.Information;
}
