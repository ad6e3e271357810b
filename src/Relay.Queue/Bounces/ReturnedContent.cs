using System.Text;
using Relay.Smtp;

namespace Relay.Queue.Bounces;

/// <summary>
/// What a notification returns of the message (RFC 3461 §6.2): the whole, or its header section, either within limits that keep
/// a notification in one piece of the store.
/// </summary>
/// <param name="Octets">Whole lines, the last one ended.</param>
/// <param name="IsWhole">The whole message.</param>
internal sealed record ReturnedContent(ReadOnlyMemory<byte> Octets, bool IsWhole)
{
    /// <summary>The longest message that is returned whole.</summary>
    public const int MaxWholeOctets = 128 * 1024;

    /// <summary>The most of a header section that is returned; encoded, it may take three times as much.</summary>
    public const int MaxHeaderOctets = 32 * 1024;

    /// <summary>
    /// The most of a header section that is returned where the content need not be: later notifications of one message, and those of
    /// delays and of relaying.
    /// </summary>
    public const int MaxBriefOctets = 4 * 1024;

    // RFC 5322 §2.1.1.
    private const int LongestLine = 998;

    // RFC 5322 §2.1.1: a line has 998 characters at most, and references should be far shorter.
    private const int MaxMessageIdOctets = 250;

    /// <summary>What stands for a message that cannot be read any more.</summary>
    public static ReturnedContent Missing { get; } = new(default, IsWhole: false) { IsMissing = true };

    /// <summary>What stands for a message for which the disk has no room.</summary>
    public static ReturnedContent LeftOut { get; } = new(default, IsWhole: false) { IsMissing = true, IsLeftOut = true };

    /// <summary>It is missing for want of room.</summary>
    public bool IsLeftOut { get; private init; }

    /// <summary>Nothing is returned.</summary>
    public bool IsMissing { get; private init; }

    /// <summary>The whole was asked for and is more than can be returned.</summary>
    public bool IsTooLarge { get; private init; }

    /// <summary>Lines of the header had to be left out.</summary>
    public bool IsCut { get; private init; }

    /// <summary>A line is longer than a message may have.</summary>
    public bool HasLongLines { get; } = FindsLongLine(Octets.Span);

    /// <summary>Some octet is above 127.</summary>
    public bool IsEightBit { get; } = !Ascii.IsValid(Octets.Span);

    /// <summary>The message's own Message-ID with its brackets, where it has a plain one; else null.</summary>
    public string? MessageId { get; } = FindMessageId(Octets.Span);

    /// <summary>Reads what is to be returned.</summary>
    /// <param name="content">The message.</param>
    /// <param name="part">How much of it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async ValueTask<ReturnedContent> ReadAsync(
        MessageContent content, ReturnedPart part, CancellationToken cancellationToken)
    {
        var wantsWhole = part == ReturnedPart.Whole;
        if (wantsWhole && content.Octets <= MaxWholeOctets)
        {
            var whole = await ReadWholeAsync(content, cancellationToken);

            // RFC 2046 §5.2.1: message/rfc822 is not encoded, so what cannot travel as it is cannot be returned.
            if (!whole.HasLongLines)
            {
                return whole;
            }
        }

        var limit = part == ReturnedPart.BriefHeader ? MaxBriefOctets : MaxHeaderOctets;
        return await ReadHeaderAsync(content, limit, cancellationToken) with { IsTooLarge = wantsWhole };
    }

    private static async ValueTask<ReturnedContent> ReadWholeAsync(MessageContent content, CancellationToken cancellationToken)
    {
        var octets = new MemoryStream();
        await foreach (var piece in content.ReadAsync(cancellationToken))
        {
            octets.Write(piece.Span);
        }

        return new ReturnedContent(octets.ToArray(), IsWhole: true);
    }

    private static async ValueTask<ReturnedContent> ReadHeaderAsync(MessageContent content, int limit, CancellationToken cancellationToken)
    {
        var octets = new MemoryStream();
        await foreach (var piece in content.ReadAsync(cancellationToken))
        {
            var before = (int)octets.Length;
            octets.Write(piece.Span[..Math.Min(piece.Length, limit - before)]);
            var read = octets.GetBuffer().AsSpan(0, (int)octets.Length);
            if (EndOfHeader(read, before) is { } end)
            {
                return new ReturnedContent(read[..end].ToArray(), IsWhole: false);
            }

            if (octets.Length == limit)
            {
                break;
            }
        }

        return octets.Length < limit
            ? new ReturnedContent(octets.ToArray(), IsWhole: false)
            : new ReturnedContent(WholeLines(octets.ToArray()), IsWhole: false) { IsCut = true };
    }

    // The position behind the last field; the empty line is not part of it.
    private static int? EndOfHeader(ReadOnlySpan<byte> octets, int looked)
    {
        if (octets.StartsWith("\r\n"u8))
        {
            return 0;
        }

        var from = Math.Max(0, looked - 3);
        var found = octets[from..].IndexOf("\r\n\r\n"u8);
        return found < 0 ? null : from + found + 2;
    }

    private static byte[] WholeLines(byte[] octets)
    {
        var end = octets.AsSpan().LastIndexOf("\r\n"u8);
        return end < 0 ? [] : octets[..(end + 2)];
    }

    private static bool FindsLongLine(ReadOnlySpan<byte> octets)
    {
        while (!octets.IsEmpty)
        {
            var end = octets.IndexOf((byte)'\n');
            if ((end < 0 ? octets.Length : end - 1) > LongestLine)
            {
                return true;
            }

            octets = end < 0 ? default : octets[(end + 1)..];
        }

        return false;
    }

    private static string? FindMessageId(ReadOnlySpan<byte> header)
    {
        var rest = header;
        while (rest.IndexOf("\r\n"u8) is > 0 and var end)
        {
            var line = rest[..end];
            rest = rest[(end + 2)..];
            if (line.Length > 11 && Ascii.EqualsIgnoreCase(line[..11], "message-id:"u8))
            {
                // RFC 5322 §3.6.4: the field may be folded behind its name.
                var value = line[11..].Trim(" \t"u8);
                if (value.IsEmpty && rest is [(byte)' ' or (byte)'\t', ..] && rest.IndexOf("\r\n"u8) is > 0 and var next)
                {
                    value = rest[..next].Trim(" \t"u8);
                }

                return IsPlain(value) ? Encoding.ASCII.GetString(value) : null;
            }
        }

        return null;
    }

    private static bool IsPlain(ReadOnlySpan<byte> id) =>
        id is [(byte)'<', .., (byte)'>'] && id.Length <= MaxMessageIdOctets && !id.ContainsAnyExceptInRange((byte)'!', (byte)'~');
}
