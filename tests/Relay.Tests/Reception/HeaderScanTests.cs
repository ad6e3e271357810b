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

    [Theory] // found by fuzzing: each CR alone in a piece made the line count as empty, and the header end there
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public void Read_LineOfCarriageReturns_DoesNotEndTheHeader(int chunk)
    {
        var scan = new HeaderScan();
        foreach (var piece in "\r\r\nReceived: x\r\n"u8.ToArray().Chunk(chunk))
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
