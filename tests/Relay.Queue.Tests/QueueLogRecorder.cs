using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Relay.Queue.Tests;

/// <summary>Keeps log lines as event name and keys; a test waits for the next of a name.</summary>
internal sealed class QueueLogRecorder : ILogger<MailQueue>
{
    private readonly Channel<KeyValuePair<string, Dictionary<string, object?>>> _lines =
        Channel.CreateUnbounded<KeyValuePair<string, Dictionary<string, object?>>>();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var keys = ((IEnumerable<KeyValuePair<string, object?>>)state!).ToDictionary(pair => pair.Key, pair => pair.Value);
        _lines.Writer.TryWrite(new(eventId.Name!, keys));
    }

    /// <summary>Whether a line of a name has come that nobody has taken; takes all of the others.</summary>
    public bool Has(string name)
    {
        while (_lines.Reader.TryRead(out var line))
        {
            if (line.Key == name)
            {
                return true;
            }
        }

        return false;
    }

    public async Task<Dictionary<string, object?>> NextAsync(string name)
    {
        await foreach (var line in _lines.Reader.ReadAllAsync(TestContext.Current.CancellationToken))
        {
            if (line.Key == name)
            {
                return line.Value;
            }
        }

        throw new InvalidOperationException(name);
    }
}
