using System.Buffers;
using System.Buffers.Text;
using Relay.Mail;

namespace Relay.Smtp.Server;

/// <summary>Puts replies on the wire (RFC 5321 §4.2).</summary>
internal static class ReplyWriter
{
    // RFC 5321 §4.5.3.1.5: 512 octets with code and CRLF; code, enhanced code and separators take at most 16.
    private const int MaxTextOctets = 490;
    private const int MaxLineOctets = 512;

    /// <summary>Writes every line with its code, and its enhanced code where there is one (RFC 2034 §4).</summary>
    public static void Write(IBufferWriter<byte> output, Reply reply)
    {
        for (var i = 0; i < reply.Lines.Count; i++)
        {
            WriteLine(output, reply, reply.Lines[i], isLast: i == reply.Lines.Count - 1);
        }
    }

    private static void WriteLine(IBufferWriter<byte> output, Reply reply, string text, bool isLast)
    {
        var line = output.GetSpan(MaxLineOctets);
        var length = Append(line, 0, reply.Code);
        line[length++] = isLast ? (byte)' ' : (byte)'-';
        if (!reply.Status.IsNone)
        {
            length = Append(line, length, reply.Status.Class);
            line[length++] = (byte)'.';
            length = Append(line, length, reply.Status.Subject);
            line[length++] = (byte)'.';
            length = Append(line, length, reply.Status.Detail);
            line[length++] = (byte)' ';
        }

        var taken = Math.Min(text.Length, MaxTextOctets);
        for (var i = 0; i < taken; i++)
        {
            // RFC 5321 §4.2: textstring is printable ASCII; whatever a policy's text holds, no line can be split by it.
            line[length++] = text[i] is >= ' ' and <= '~' ? (byte)text[i] : (byte)'?';
        }

        "\r\n"u8.CopyTo(line[length..]);
        output.Advance(length + 2);
    }

    private static int Append(Span<byte> line, int length, int number)
    {
        Utf8Formatter.TryFormat(number, line[length..], out var written);
        return length + written;
    }
}
