using System.Text;

namespace Relay.Reception;

/// <summary>
/// Watches the header section of a message go by, piece by piece, and notes the few fields that reception decides on, and whether there
/// is a header at all. Keeps the first octets of the current line and nothing else, however long lines and header are.
/// </summary>
internal sealed class HeaderScan
{
    private const int LongestName = 12;

    private readonly byte[] _start = new byte[LongestName];
    private FirstLine _firstLine;
    private int _kept;
    private long _lineOctets;

    /// <summary>How many Received fields there were (RFC 5321 §6.3).</summary>
    public int ReceivedFields { get; private set; }

    /// <summary>There was a Date field.</summary>
    public bool HasDate { get; private set; }

    /// <summary>There was a Message-ID field.</summary>
    public bool HasMessageId { get; private set; }

    /// <summary>The empty line that ends the header was seen, or there is no header; further content is not looked at.</summary>
    public bool IsOver { get; private set; }

    /// <summary>What came begins with text: fields that are put in front of it need an empty line behind them (RFC 5322 §2.1).</summary>
    public bool IsMissing => _firstLine != FirstLine.Header && (IsOver || _lineOctets > 0) && !IsMailboxLine(_start.AsSpan(0, _kept));

    /// <summary>Takes the next piece of the content; its lines end in CRLF.</summary>
    public void Read(ReadOnlySpan<byte> content)
    {
        while (!IsOver && !content.IsEmpty)
        {
            var end = content.IndexOf((byte)'\n');
            var line = end < 0 ? content : content[..end];
            Keep(line);
            if (end < 0)
            {
                return;
            }

            EndLine();
            content = content[(end + 1)..];
        }
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        var room = Math.Min(part.Length, LongestName - _kept);
        part[..room].CopyTo(_start.AsSpan(_kept));
        _kept += room;
        if (_firstLine is FirstLine.Name or FirstLine.Blank)
        {
            ReadFirstLine(part);
        }

        _lineOctets += part.Length;
    }

    // RFC 5322 §2.2, §4.5: printable characters, white space at most, and a colon. A line that begins with white space would go on
    // with the field in front of it (§2.2.3), which is ours: it is text, too.
    private void ReadFirstLine(ReadOnlySpan<byte> part)
    {
        for (var index = 0; index < part.Length && _firstLine is FirstLine.Name or FirstLine.Blank; index++)
        {
            var isNamed = _lineOctets + index > 0;
            _firstLine = (_firstLine, part[index]) switch
            {
                (_, (byte)':') when isNamed => FirstLine.Header,
                (_, (byte)' ' or (byte)'\t') when isNamed => FirstLine.Blank,
                (FirstLine.Name, > 0x20 and < 0x7F and not (byte)':') => FirstLine.Name,
                _ => FirstLine.Text,
            };
        }
    }

    private void EndLine()
    {
        var line = _start.AsSpan(0, _kept);
        if (_lineOctets == 0 || (_lineOctets == 1 && line[0] == '\r'))
        {
            // A header without fields still ends with its empty line.
            _firstLine = FirstLine.Header;
            IsOver = true;
            return;
        }

        if (_firstLine != FirstLine.Header && !IsMailboxLine(line))
        {
            IsOver = true;
            return;
        }

        _firstLine = FirstLine.Header;
        if (Names(line, "received"u8))
        {
            ReceivedFields++;
        }
        else if (Names(line, "date"u8))
        {
            HasDate = true;
        }
        else if (Names(line, "message-id"u8))
        {
            HasMessageId = true;
        }

        _kept = 0;
        _lineOctets = 0;
    }

    // RFC 4155, appendix A: the line that stands before a message in a mailbox file, quoted or not. Programs send it along; the header
    // begins behind it.
    private static bool IsMailboxLine(ReadOnlySpan<byte> line) => line.TrimStart((byte)'>').StartsWith("From "u8);

    // RFC 5322 §2.2 and §4.5: a name in any case, and white space before the colon in old messages.
    private static bool Names(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length > name.Length
        && Ascii.EqualsIgnoreCase(line[..name.Length], name)
        && line[name.Length..] is [(byte)':' or (byte)' ' or (byte)'\t', ..];

    private enum FirstLine
    {
        // May become the name of a field.
        Name = 0,

        // White space behind a name.
        Blank,

        // There is a header.
        Header,

        // There is none.
        Text,
    }
}
