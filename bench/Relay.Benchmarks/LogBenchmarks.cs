using System.Buffers;
using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.Logging;
using Relay.Logging;

namespace Relay.Benchmarks;

/// <summary>The line of a delivered recipient, from its fields to octets: a message has two such lines at least.</summary>
[MemoryDiagnoser]
public class LogBenchmarks
{
    private readonly ArrayBufferWriter<byte> _output = new(1024);
    private readonly TextLogLineFormat _text = new();
    private readonly JsonLogLineFormat _json = new();
    private readonly LogEntry _entry = new(
        DateTimeOffset.UnixEpoch,
        LogLevel.Information,
        "delivered",
        [
            new("Queue", "8F3K2M"), new("From", "<app@corp.example>"), new("To", "<ann@example.net>"), new("Mx", "mx1.example.net"),
            new("Ip", "192.0.2.25"), new("Tls", "TLSv1.3"), new("Cipher", "TLS_AES_256_GCM_SHA384"), new("Verified", "pkix"),
            new("Fields", (KeyValuePair<string, string>[])[new("sts", "enforce"), new("sts-id", "20261122T0740")]),
            new("Delay", "0.41s"), new("Dsn", "2.0.0"), new("Reply", "250 2.0.0 Ok"),
        ],
        null);

    [Benchmark]
    public int DeliveredAsText() => Write(_text);

    [Benchmark]
    public int DeliveredAsJson() => Write(_json);

    private int Write(ILogLineFormat format)
    {
        _output.ResetWrittenCount();
        format.Write(_output, _entry);
        return _output.WrittenCount;
    }
}
