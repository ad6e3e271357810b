using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Relay.Logging;

/// <summary>The relay's log on standard output (design: one line per event, stable names and keys).</summary>
internal sealed class RelayLoggerProvider : ILoggerProvider
{
    private readonly ILogLineFormat _format;
    private readonly LogOutput _output;
    private readonly TimeProvider _clock;

    public RelayLoggerProvider(IOptions<LogOptions> options, TimeProvider clock)
        : this(options.Value.Format, Console.OpenStandardOutput(), clock)
    {
    }

    internal RelayLoggerProvider(LogFormat format, Stream stream, TimeProvider clock)
    {
        _format = format == LogFormat.Json ? new JsonLogLineFormat() : new TextLogLineFormat();
        _output = new LogOutput(stream);
        _clock = clock;
    }

    public ILogger CreateLogger(string categoryName) => new RelayLogger(categoryName, _format, _output, _clock);

    /// <summary>Returns once every line so far is written.</summary>
    internal void Drain() => _output.Drain();

    public void Dispose() => _output.Dispose();
}
