using Microsoft.Extensions.Logging;

namespace Relay.Logging;

/// <summary>What both line formats share: which placeholders become fields, and the names of levels.</summary>
internal static class LogFields
{
    private const string OriginalFormat = "{OriginalFormat}";

    /// <summary>The fields of an entry in order, spreads spread, nulls left out.</summary>
    public static IEnumerable<KeyValuePair<string, object>> Of(LogEntry entry)
    {
        foreach (var (name, value) in entry.Fields)
        {
            if (value is null || name == OriginalFormat)
            {
                continue;
            }

            if (value is IEnumerable<KeyValuePair<string, string>> spread)
            {
                foreach (var (key, text) in spread)
                {
                    yield return new(key, text);
                }

                continue;
            }

            yield return new(LogKeys.Of(name), value);
        }

        if (entry.Exception is { } exception)
        {
            yield return new("exception", exception.ToString());
        }
    }

    public static string NameOf(LogLevel level) => level switch
    {
        LogLevel.Trace => "TRC",
        LogLevel.Debug => "DBG",
        LogLevel.Information => "INF",
        LogLevel.Warning => "WRN",
        LogLevel.Error => "ERR",
        _ => "CRT",
    };
}
