namespace Relay.Logging;

/// <summary>The form of a log line.</summary>
internal enum LogFormat
{
    /// <summary>key=value.</summary>
    Text = 0,

    /// <summary>One JSON object a line, with the same keys.</summary>
    Json,
}
