using System.Text;
using Relay.Lab.Mx;
using Relay.Smtp.Client;

using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>The content on the wire, byte by byte, and the ways it can break off.</summary>
public sealed class ContentTests
{
    [Theory] // SMTP-32, SMTP-33, HARD-05
    [InlineData("", ".\r\n")]
    [InlineData("a", "a\r\n.\r\n")]
    [InlineData("a\r\n", "a\r\n.\r\n")]
    [InlineData("a\r\n\r\n", "a\r\n\r\n.\r\n")]
    [InlineData(".\r\n..\r\n...\r\n", "..\r\n...\r\n....\r\n.\r\n")]
    public async Task Content_OnTheWire_IsStuffedAndEndedOnce(string content, string wire)
    {
        await using var mx = LabMx.Start();
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(Message(new BytesContent(content, 1), "a@lab.test"), Cancellation);

        Assert.Equal([250], Codes(result));
        var message = Assert.Single(mx.Messages);
        Assert.Equal(wire, Encoding.Latin1.GetString(message.Wire.Span));
        Assert.Equal(wire == "a\r\n.\r\n" ? "a\r\n" : content, message.Text);
    }

    [Theory] // SMTP-40, HARD-04, HARD-05: large content in odd pieces arrives octet for octet
    [InlineData(1)]
    [InlineData(4093)]
    [InlineData(1 << 20)]
    public async Task Content_OfManyBlocks_ArrivesUnchanged(int pieceSize)
    {
        var random = new Random(20261122);
        var octets = new List<byte>();
        while (octets.Count < 300_000 / Math.Max(1, 8 / pieceSize))
        {
            octets.AddRange(random.Next(3) == 0 ? "..\r\n"u8 : ".\u00E9t\u00E9 and text of a line\r\n"u8);
        }

        await using var mx = LabMx.Start();
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(Message(new BytesContent([.. octets], pieceSize), "a@lab.test"), Cancellation);

        Assert.Equal([250], Codes(result));
        Assert.Equal(octets.ToArray(), Assert.Single(mx.Messages).Content.ToArray());
    }

    [Fact] // RFC 5321 §4.1.1.4: no dot ends what could not be read; the server has not taken it
    public async Task Content_ThatCannotBeRead_IsNotEnded()
    {
        await using var mx = LabMx.Start();
        await using var session = await OpenAsync(mx.EndPoint);
        using var content = new BytesContent(new string('x', 200) + "\r\n", 100) { FailsAfter = 100 };

        var result = await session.SendAsync(Message(content, "a@lab.test"), Cancellation);

        Assert.Equal(SessionFaultKind.ContentUnavailable, result.Fault?.Kind);
        Assert.Equal([0], Codes(result));
        await mx.Connections[0].Ended.WaitAsync(Cancellation);
        Assert.Empty(mx.Messages);
        Assert.Empty(mx.Unaccepted);
    }

    [Theory] // SMTP-40, HARD-04
    [InlineData("a\n.\r\nMAIL FROM:<>\r\n")]
    [InlineData("a\r.\r\n")]
    public async Task Content_WithBareCrOrLf_IsNotSent(string text)
    {
        await using var mx = LabMx.Start();
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(Message(new BytesContent(text), "a@lab.test"), Cancellation);

        Assert.Equal(SessionFaultKind.ContentUnavailable, result.Fault?.Kind);
        await mx.Connections[0].Ended.WaitAsync(Cancellation);
        Assert.Empty(mx.Messages);
    }

    [Theory] // RFC 5321 §3.8, EXT-17: the server's word in the middle of the content counts when it refuses
    [InlineData("552 5.3.4 too much", 552)]
    [InlineData("421 4.3.2 going down", 421)]
    [InlineData("250 2.0.0 thanks", 0)]
    public async Task Reply_InTheMiddleOfTheContent_CountsOnlyAsRefusal(string reply, int expected)
    {
        await using var mx = LabMx.Start(new MxBehavior().At(
            new MxRule(MxRule.Content, MxAction.ReplyAndClose(reply)) { AfterOctets = 1000 }));
        await using var session = await OpenAsync(mx.EndPoint);
        var line = new string('x', 998) + "\r\n";

        var result = await session.SendAsync(
            Message(new BytesContent(string.Concat(Enumerable.Repeat(line, 20_000)), 64 * 1024), "a@lab.test"), Cancellation);

        Assert.Equal([expected], Codes(result));
        Assert.NotNull(result.Fault);
    }

    [Theory] // RFC 5321 §4.1.1.4: the reply to the final dot decides
    [InlineData("451 4.3.0 disk full")]
    [InlineData("554 5.6.0 spam")]
    [InlineData("299 fine")]
    public async Task FinalDot_Answered_DecidesForEveryRecipient(string reply)
    {
        await using var mx = LabMx.Start(new MxBehavior().At(MxRule.EndOfData, MxAction.Reply(reply)));
        await using var session = await OpenAsync(mx.EndPoint);

        var result = await session.SendAsync(Message("a@lab.test", "b@lab.test"), Cancellation);

        Assert.All(result.Recipients, r => Assert.Equal((reply, SmtpStage.EndOfData), (r.Reply?.ToString(), r.Stage)));
        Assert.True(session.IsIdleAndOpen());
    }
}
