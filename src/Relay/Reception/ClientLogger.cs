using System.Net;
using Microsoft.Extensions.Logging;

namespace Relay.Reception;

/// <summary>
/// Passes on what is said about clients, so many lines at once and so many a minute for each, so that nobody can fill the log by
/// knocking; how many lines went missing is said with the next that passes. Accepted messages are not logged here, and each of
/// them has its line.
/// </summary>
internal sealed class ClientLogger(ILogger logger, TimeProvider clock) : ILogger
{
    /// <summary>Lines about one client at once.</summary>
    public const int LinesAtOnce = 100;

    /// <summary>Lines about one client in a minute after that.</summary>
    public const int LinesPerMinute = 30;

    private readonly TokenBuckets _lines = new(LinesAtOnce, LinesPerMinute, clock);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => logger.BeginScope(state);

    public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (logLevel >= LogLevel.Information && IsEnabled(logLevel) && ClientOf(state) is { } client)
        {
            if (!_lines.TryTake(AddressBlock.OfClient(client), out var missed))
            {
                return;
            }

            if (missed > 0)
            {
                logger.LinesSuppressed(client, missed);
            }
        }

        logger.Log(logLevel, eventId, state, exception, formatter);
    }

    private static IPAddress? ClientOf<TState>(TState state)
    {
        if (state is IReadOnlyList<KeyValuePair<string, object?>> fields)
        {
            foreach (var (_, value) in fields)
            {
                if (value is IPAddress client)
                {
                    return client;
                }
            }
        }

        return null;
    }
}
