using System.Buffers;
using System.Text;
using Relay.Mail;
using Relay.Smtp.Server;

namespace Relay.Smtp.Tests.Server;

public class ReplyWriterTests
{
    [Fact] // SMTP-42, RFC 5321 §4.5.3.1.5
    public void Reply_WithLongText_KeepsItsLinesWithin512Octets()
    {
        var text = Write(new Reply(550, new(5, 999, 999), new string('x', 2000)));
        Assert.EndsWith("\r\n", text, StringComparison.Ordinal);
        Assert.InRange(text.Length, 490, 512);
    }

    [Fact] // EXT-20, RFC 2034 §4
    public void Reply_OfSeveralLines_HasTheCodesOnEach() =>
        Assert.Equal("451-4.3.0 one\r\n451 4.3.0 two\r\n", Write(new Reply(451, new(4, 3, 0), ["one", "two"])));

    [Fact] // HARD-11, HARD-12, RFC 5321 §4.2
    public void Reply_WithLineEndsOrOtherScripts_StaysOneLineOfAscii() =>
        Assert.Equal("550 5.7.1 a??b?c\r\n", Write(new Reply(550, new(5, 7, 1), "a\r\nb\u00E9c")));

    private static string Write(Reply reply)
    {
        var output = new ArrayBufferWriter<byte>();
        ReplyWriter.Write(output, reply);
        return Encoding.ASCII.GetString(output.WrittenSpan);
    }
}
