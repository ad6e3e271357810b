using System.Text;
using Relay.Queue.Operations;

namespace Relay.Admin;

/// <summary>A message in the queue, for people and for <c>--json</c>.</summary>
/// <param name="Queue">Its queue id.</param>
/// <param name="EnvelopeId">The sender's ENVID.</param>
/// <param name="SmtpUtf8">It needs SMTPUTF8.</param>
/// <param name="TlsReport">It is a TLS report of ours.</param>
/// <param name="Header">Its header; no more than 64 KiB of it.</param>
/// <param name="Recipients">Those left.</param>
internal sealed record QueueMessageView(
    string Queue, string? EnvelopeId, bool SmtpUtf8, bool TlsReport, string Header, IReadOnlyList<QueueRecipientView> Recipients)
{
    private const int MaxHeaderOctets = 64 * 1024;

    public static QueueMessageView Of(ListedMessage message, DateTimeOffset now) => new(
        message.Recipients[0].Id.ToString(),
        message.EnvelopeId,
        message.SmtpUtf8,
        message.Recipients[0].IsReport,
        HeaderOf(message.Head.Span),
        [.. message.Recipients.Select(recipient => QueueRecipientView.Of(recipient, now))]);

    // RFC 5322 §2.1: the header ends at the first empty line.
    private static string HeaderOf(ReadOnlySpan<byte> head)
    {
        var end = head.IndexOf("\r\n\r\n"u8);
        var header = end < 0 ? head : head[..(end + 2)];
        return Encoding.UTF8.GetString(header[..Math.Min(header.Length, MaxHeaderOctets)]);
    }
}
