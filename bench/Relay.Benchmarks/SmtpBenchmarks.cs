using BenchmarkDotNet.Attributes;
using Relay.Smtp.Client;
using Relay.Smtp.Grammar;

namespace Relay.Benchmarks;

/// <summary>
/// The octets of SMTP. A command read: no allocation but the result. 10 kB of message made ready for DATA: at the speed of a
/// search, no allocation but the stuffer.
/// </summary>
[MemoryDiagnoser]
public class SmtpBenchmarks
{
    private readonly byte[] _mail = "MAIL FROM:<bounces+12345@example.com> SIZE=10240 BODY=8BITMIME"u8.ToArray();
    private readonly byte[] _rcpt = "RCPT TO:<ann@example.net>"u8.ToArray();
    private readonly byte[] _message = Message();
    private readonly byte[] _target = new byte[12 * 1024];

    [Benchmark]
    public object ParseMail() => CommandParser.Parse(_mail);

    [Benchmark]
    public object ParseRcpt() => CommandParser.Parse(_rcpt);

    [Benchmark]
    public int DotStuffTenKilobytes()
    {
        var stuffer = new DotStuffer();
        return stuffer.TryCopy(_message, _target, out _, out var written) ? written : throw new InvalidOperationException("Bad sample.");
    }

    // Lines of 76, one in twenty with a dot to double.
    private static byte[] Message() => [.. Enumerable.Range(0, 131).SelectMany(
        line => (byte[])[line % 20 == 0 ? (byte)'.' : (byte)'x', .. Enumerable.Repeat((byte)'x', 75), (byte)'\r', (byte)'\n'])];
}
