using System.Buffers.Text;
using System.Text;

namespace Relay.LoadTest.Load;

/// <summary>
/// The messages of a load, as they go over the wire after DATA: with doubled dots, without the final dot. All have the
/// same length, carry their number at fixed places and a body that depends on it, so that writing one and checking one
/// are little more than copying and comparing memory.
/// </summary>
internal sealed class LoadCorpus
{
    private const int NumberLength = 10;
    private const int LineLength = 80;
    private const int Bodies = 256;

    private readonly byte[] _header;
    private readonly int[] _numberAt;
    private readonly byte[] _text;
    private readonly int _bodyLength;

    public LoadCorpus(LoadPlan plan)
    {
        var number = new string('#', NumberLength);
        var header =
            $"From: Load <load@client.test>\r\nTo: Somebody <somebody@load.test>\r\nSubject: One of {plan.Messages} messages\r\n"
            + $"Date: Sun, 22 Nov 2026 12:00:00 +0000\r\nMessage-ID: <{number}@client.test>\r\nMIME-Version: 1.0\r\n"
            + $"Content-Type: text/plain; charset=us-ascii\r\nX-Load: {number}\r\n\r\n";
        _header = Encoding.ASCII.GetBytes(header);
        _numberAt =
            [header.IndexOf(number, StringComparison.Ordinal), header.LastIndexOf(number, StringComparison.Ordinal)];
        var lines = Math.Max(1, (plan.Octets - _header.Length + LineLength - 1) / LineLength);
        _bodyLength = lines * LineLength;
        _text = MakeText(lines + Bodies);
    }

    /// <summary>The length of every message.</summary>
    public int Length => _header.Length + _bodyLength;

    /// <summary>Writes a message.</summary>
    public void Write(int message, Span<byte> destination)
    {
        _header.CopyTo(destination);
        foreach (var at in _numberAt)
        {
            Utf8Formatter.TryFormat(message, destination.Slice(at, NumberLength), out _, new('D', NumberLength));
        }

        Body(message).CopyTo(destination[_header.Length..]);
    }

    /// <summary>
    /// Checks what arrived: trace fields, then one of our messages, not an octet changed. False when it is none or
    /// damaged.
    /// </summary>
    public bool TryRecognize(ReadOnlySpan<byte> arrived, out int message)
    {
        message = -1;
        if (arrived.Length < Length || !arrived.StartsWith("Received: "u8))
        {
            return false;
        }

        var original = arrived[^Length..];
        if (!Utf8Parser.TryParse(original.Slice(_numberAt[0], NumberLength), out message, out var read)
            || read != NumberLength)
        {
            return false;
        }

        var number = original.Slice(_numberAt[0], NumberLength);
        return HeaderIsIntact(original, number) && original[_header.Length..].SequenceEqual(Body(message));
    }

    private bool HeaderIsIntact(ReadOnlySpan<byte> original, ReadOnlySpan<byte> number)
    {
        var from = 0;
        foreach (var at in _numberAt)
        {
            if (!original[from..at].SequenceEqual(_header.AsSpan(from..at))
                || !original.Slice(at, NumberLength).SequenceEqual(number))
            {
                return false;
            }

            from = at + NumberLength;
        }

        return original[from.._header.Length].SequenceEqual(_header.AsSpan(from));
    }

    private ReadOnlySpan<byte> Body(int message) => _text.AsSpan(message % Bodies * LineLength, _bodyLength);

    private static byte[] MakeText(int lines)
    {
        var random = new Random(2821);
        var text = new byte[lines * LineLength];
        for (var i = 0; i < lines; i++)
        {
            var line = text.AsSpan(i * LineLength, LineLength);
            foreach (ref var octet in line)
            {
                octet = (byte)random.Next('A', 'z' + 1);
            }

            if (i % 16 == 0)
            {
                // RFC 5321 §4.5.2: a line that begins with a dot, as it looks on the wire.
                line[0] = line[1] = (byte)'.';
            }

            "\r\n"u8.CopyTo(line[^2..]);
        }

        return text;
    }
}
