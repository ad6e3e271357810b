using System.Text;
using Relay.Lab.Mx;

using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>
/// SMTP smuggling outwards: receivers are known that take LF.LF, CR.CR and their like for the end of a message. Whatever a message
/// holds, what leaves is one message to each of them, or nothing.
/// </summary>
public sealed class SmugglingTests
{
    private const string Injected = "MAIL FROM:<x@evil.test>\r\nRCPT TO:<y@lab.test>\r\nDATA\r\nsmuggled\r\n";

    // Where such receivers see the end.
    private static readonly string[] Ends =
    [
        "\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r.\r\n", "\r\n.\r", "\n.\r", "\r.\n", "\r\n.\r\r\n", "\r\n.\r\n",
    ];

    public static TheoryData<string> Contents =>
    [
        "text\r\n.\r\n" + Injected, ".\r\n" + Injected, "text\r\n..\r\n" + Injected, "text\r\n.\r\n.\r\n.\r\n", "\r\n.\r\n\r\n.\r\n",
        "text\r\n. \r\n" + Injected, "text\r\n.x\r\n" + Injected, "text\r\n.", "text\r\n..", ".", "\r\n",
        "text\n.\n" + Injected, "text\n.\r\n" + Injected, "text\r\n.\n" + Injected, "text\r.\r" + Injected, "text\r.\r\n" + Injected,
        "text\r\n.\r" + Injected, "text\r\n.\r\r\n" + Injected, "text\r\r\n.\r\r\n" + Injected, "text\r\n\0.\r\n" + Injected,
        "text\r\n.\0\r\n" + Injected, "text\r\0\n.\r\n" + Injected, "text\r", "\n", "\r",
    ];

    [Theory] // HARD-04, HARD-05, SMTP-40, RFC 5321 §2.3.8, §4.1.1.4
    [MemberData(nameof(Contents))]
    public async Task Content_OfAnyForm_LeavesAsOneMessageToEveryReceiverOrNotAtAll(string text)
    {
        foreach (var pieceSize in new[] { 1, 2, 3, 1 << 20 })
        {
            await using var mx = LabMx.Start();
            await using var session = await OpenAsync(mx.EndPoint);
            using var content = new BytesContent(text, pieceSize);

            var result = await session.SendAsync(Message(content, "a@lab.test"), Cancellation);

            AssertOneOrNone(mx, text, taken: Codes(result) is [250]);
        }
    }

    [Theory] // HARD-05: the same with the dot, its CR or its LF first in a block of ours
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public async Task Content_WithADotLineAtABlocksBorder_LeavesAsOneMessage(int before)
    {
        var line = new string('x', 510) + "\r\n";
        var filler = string.Concat(Enumerable.Repeat(line, 31)) + new string('x', 512 - before - 2) + "\r\n";
        await using var mx = LabMx.Start();
        await using var session = await OpenAsync(mx.EndPoint);
        using var content = new BytesContent(filler + ".\r\n" + Injected, 1 << 20);

        var result = await session.SendAsync(Message(content, "a@lab.test"), Cancellation);

        AssertOneOrNone(mx, filler + ".\r\n" + Injected, Codes(result) is [250]);
        Assert.Single(mx.Messages);
    }

    private static void AssertOneOrNone(LabMx mx, string text, bool taken)
    {
        var isWhole = !text.Replace("\r\n", string.Empty, StringComparison.Ordinal).AsSpan().ContainsAny('\r', '\n');
        Assert.Equal(isWhole && taken, isWhole);
        if (!taken)
        {
            Assert.Empty(mx.Messages);
            return;
        }

        // The CRLF that ends DATA stands before the content, and a receiver may take it for the first half of an end.
        var wire = "\r\n" + Encoding.Latin1.GetString(Assert.Single(mx.Messages).Wire.Span);
        Assert.All(Ends, end =>
        {
            var first = wire.IndexOf(end, StringComparison.Ordinal);
            Assert.True(first < 0 || first >= wire.Length - 5, $"ends early at {first} for {Uri.EscapeDataString(end)}");
        });
        Assert.Single(mx.Commands, command => command.Verb == "MAIL");
    }
}
