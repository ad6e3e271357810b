using System.Text;
using Relay.Reception;

namespace Relay.Tests.Reception;

public sealed class HeaderScanTests
{
    [Theory] // RFC 5322 §2.2: field names in any case; §4.5: white space before the colon.
    [InlineData("Date: x\r\nMessage-ID: <a@b>\r\n\r\n", true, true)]
    [InlineData("DATE : x\r\nmessage-id\t: <a@b>\r\n\r\n", true, true)]
    [InlineData("Dated: x\r\nMessage-IDs: <a@b>\r\n\r\n", false, false)]
    [InlineData("Subject: a\r\n Date: folded\r\n\r\n", false, false)]
    [InlineData("Subject: a\r\n\r\nDate: in the body\r\n", false, false)]
    [InlineData("\r\nDate: in the body\r\n", false, false)]
    public void Read_Header_FindsFieldsWhole_AndInEveryChunking(string content, bool date, bool messageId)
    {
        var octets = Encoding.ASCII.GetBytes(content);
        for (var chunk = 1; chunk <= octets.Length; chunk++)
        {
            var scan = new HeaderScan();
            foreach (var piece in octets.Chunk(chunk))
            {
                scan.Read(piece);
            }

            Assert.Equal((date, messageId), (scan.HasDate, scan.HasMessageId));
            Assert.True(scan.IsOver);
        }
    }

    [Theory] // RFC 5322 §2.1, §2.2, §2.2.3: whether a header stands there, however the octets come
    [InlineData("Subject: x\r\n", false)]
    [InlineData("Subject : x\r\n", false)]
    [InlineData("X-A-Very-Long-Name-Of-A-Field-1234567890: x", false)]
    [InlineData("x:", false)]
    [InlineData("\r\nbody\r\n", false)]
    [InlineData("\r\n", false)]
    [InlineData("", false)]
    [InlineData("From app@corp.test Mon Jan  1 00:00:00 2001\r\nSubject: x\r\n\r\n", false)] // RFC 4155
    [InlineData(">From app@corp.test Mon Jan  1 00:00:00 2001\r\nSubject: x\r\n\r\n", false)]
    [InlineData(" (from bank.test); Mon, 1 Jan 2001 00:00:00 +0000\r\nSubject: x\r\n\r\n", true)]
    [InlineData("\tfolded\r\n", true)]
    [InlineData(" : x\r\n", true)]
    [InlineData(" \r\nSubject: x\r\n", true)]
    [InlineData("Alarm in room 7\r\n", true)]
    [InlineData("Alarm in room 7: fire\r\nDate: x\r\n", true)]
    [InlineData("Alarm\r\n\r\nSubject: x\r\n", true)]
    [InlineData("Alarm", true)]
    [InlineData("Gr\u00fc\u00dfe: x\r\n", true)]
    [InlineData(": x\r\n", true)]
    [InlineData("From: x", false)]
    [InlineData("From", true)]
    public void IsMissing_OfContent_GoesByTheFirstLine(string content, bool expected)
    {
        var octets = Encoding.UTF8.GetBytes(content);
        for (var chunk = 1; chunk <= Math.Max(1, octets.Length); chunk++)
        {
            var scan = new HeaderScan();
            foreach (var piece in octets.Chunk(chunk))
            {
                scan.Read(piece);
            }

            Assert.Equal(expected, scan.IsMissing);
            Assert.False(expected && (scan.HasDate || scan.HasMessageId || scan.ReceivedFields > 0));
        }
    }

    [Theory] // found by fuzzing: each CR alone in a piece made the line count as empty, and the header end there
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public void Read_LineOfCarriageReturns_DoesNotEndTheHeader(int chunk)
    {
        var scan = new HeaderScan();
        foreach (var piece in "Subject: x\r\n\r\r\nReceived: x\r\n"u8.ToArray().Chunk(chunk))
        {
            scan.Read(piece);
        }

        Assert.False(scan.IsOver);
        Assert.Equal(1, scan.ReceivedFields);
    }

    [Fact] // SMTP-60, RFC 5321 §6.3
    public void Read_ReceivedFields_AreCountedInTheHeaderOnly()
    {
        var scan = new HeaderScan();
        scan.Read(Encoding.ASCII.GetBytes(
            string.Concat(Enumerable.Repeat("Received: from a\r\n by b\r\n", 101)) + "\r\nReceived: body\r\n"));
        Assert.Equal(101, scan.ReceivedFields);
    }

    [Fact] // HARD-06
    public void Read_EndlessLine_KeepsNothingOfIt()
    {
        var scan = new HeaderScan();
        var piece = new byte[64 * 1024];
        piece.AsSpan().Fill((byte)'x');
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            scan.Read(piece);
        }

        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
        Assert.False(scan.IsOver);
    }
}
