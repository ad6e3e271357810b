using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Relay.MtaSts.Tests.Lab;

internal sealed record LogEvent(string Name, LogLevel Level, IReadOnlyDictionary<string, string?> Fields);

/// <summary>Keeps every event that was logged.</summary>
internal sealed class LogCapture : ILoggerProvider, ILogger
{
    private readonly ConcurrentQueue<LogEvent> _events = new();

    public IReadOnlyList<LogEvent> Named(string name) => [.. _events.Where(logged => logged.Name == name)];

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var fields = state is IReadOnlyList<KeyValuePair<string, object?>> pairs
            ? pairs.ToDictionary(pair => pair.Key, pair => pair.Value?.ToString())
            : [];
        _events.Enqueue(new LogEvent(eventId.Name ?? string.Empty, logLevel, fields));
    }

    public void Dispose()
    {
    }
}
