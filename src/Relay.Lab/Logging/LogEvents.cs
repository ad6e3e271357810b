using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Relay.Lab.Logging;

/// <summary>Keeps every event that was logged.</summary>
public sealed class LogEvents : ILoggerProvider
{
    private readonly ConcurrentQueue<LogEvent> _events = new();

    /// <summary>The events so far, in order.</summary>
    public IReadOnlyList<LogEvent> All => [.. _events];

    /// <summary>The events of one name so far, in order.</summary>
    public IReadOnlyList<LogEvent> Named(string name) => [.. _events.Where(logged => logged.Name == name)];

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName) => new Logger(_events);

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private sealed class Logger(ConcurrentQueue<LogEvent> events) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var fields = state is IReadOnlyList<KeyValuePair<string, object?>> pairs
                ? pairs.ToDictionary(pair => pair.Key, pair => pair.Value?.ToString())
                : [];
            events.Enqueue(new LogEvent(eventId.Name ?? string.Empty, logLevel, fields));
        }
    }
}
