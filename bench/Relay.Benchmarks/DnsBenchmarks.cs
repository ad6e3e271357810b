using BenchmarkDotNet.Attributes;
using Relay.Dns;
using Relay.Dns.Messages;

namespace Relay.Benchmarks;

/// <summary>An answer with two MX records, names compressed, read: no allocation but the result.</summary>
[MemoryDiagnoser]
public class DnsBenchmarks
{
    private const ushort Id = 0x1234;

    // RFC 1035 §4.1.1: header; §4.1.2: question example.com MX IN; §4.1.4: owners and exchanges point into it.
    private readonly byte[] _answer =
    [
        0x12, 0x34, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0,
        7, .. "example"u8, 3, .. "com"u8, 0, 0, 15, 0, 1,
        0xC0, 12, 0, 15, 0, 1, 0, 0, 1, 44, 0, 8, 0, 10, 3, .. "mx1"u8, 0xC0, 12,
        0xC0, 12, 0, 15, 0, 1, 0, 0, 1, 44, 0, 8, 0, 20, 3, .. "mx2"u8, 0xC0, 12,
    ];

    private readonly DnsQuestion _question = new(Names.Of("example.com"), DnsRecordType.Mx);

    [GlobalSetup]
    public void Check()
    {
        if (DnsMessageParser.Parse(_answer, Id, _question, out var message) != ParseOutcome.Parsed || message!.Answers.Count != 2)
        {
            throw new InvalidOperationException("Bad sample.");
        }
    }

    [Benchmark]
    public object? ParseAnswer() => DnsMessageParser.Parse(_answer, Id, _question, out var message) == ParseOutcome.Parsed ? message : null;
}
