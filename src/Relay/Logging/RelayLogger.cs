using System.Buffers;
using Microsoft.Extensions.Logging;

namespace Relay.Logging;

/// <summary>Turns log calls of one category into lines.</summary>
internal sealed class RelayLogger(string category, ILogLineFormat format, LogOutput output, TimeProvider clock) : ILogger
{
    // The host logs why it could not start before the command says the same in one line (LoggerEventIds of its sources).
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";
    private const int HostFailedToStart = 11;

    [ThreadStatic]
    private static ArrayBufferWriter<byte>? _line;

    // Our own events are named and their template names their keys; what a library says is carried as text.
    private readonly bool _isOurs = category == nameof(Relay)
        || category.StartsWith("Relay.", StringComparison.Ordinal);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

    public void Log<TState>(
        LogLevel logLevel,
        EventId eventId,
        TState state,
        Exception? exception,
        Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == HostFailedToStart && category == HostCategory)
        {
            return;
        }

        var line = _line ??= new ArrayBufferWriter<byte>(1024);
        line.ResetWrittenCount();
        var fields = _isOurs && state is IReadOnlyList<KeyValuePair<string, object?>> structured
            ? structured
            : [new("Category", category), new("Text", formatter(state, exception))];
        var name = _isOurs && eventId.Name is { } given ? given : "log";
        format.Write(line, new LogEntry(clock.GetUtcNow(), logLevel, name, fields, exception));
        output.Write(line.WrittenSpan);
    }
}
