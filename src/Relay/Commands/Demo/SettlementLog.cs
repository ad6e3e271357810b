using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Relay.Logging;

namespace Relay.Commands.Demo;

/// <summary>Listens to the relay's delivery log for the first line that settles each recipient.</summary>
internal sealed class SettlementLog(TimeProvider clock) : ILoggerProvider, ILogger
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Settlement>> _recipients = new();

    /// <summary>The first settlement of an address.</summary>
    public Task<Settlement> OfAsync(string address) => Of($"<{address}>").Task;

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Name is not ("delivered" or "deferred" or "bounced")
            || state is not IReadOnlyList<KeyValuePair<string, object?>> fields)
        {
            return;
        }

        var keys = LogFields.Of(new LogEntry(clock.GetUtcNow(), logLevel, eventId.Name, fields, exception))
            .ToDictionary(field => field.Key, field => $"{field.Value}");
        var words = keys.GetValueOrDefault("text") ?? keys.GetValueOrDefault("reply") ?? string.Empty;
        Of(keys["to"]).TrySetResult(new Settlement(eventId.Name, keys.GetValueOrDefault("verified") ?? string.Empty, words));
    }

    public void Dispose()
    {
    }

    private TaskCompletionSource<Settlement> Of(string recipient) => _recipients.GetOrAdd(
        recipient, static _ => new TaskCompletionSource<Settlement>(TaskCreationOptions.RunContinuationsAsynchronously));
}
