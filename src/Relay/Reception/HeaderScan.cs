using System.Text;

namespace Relay.Reception;

/// <summary>
/// Watches the header section of a message go by, piece by piece, and notes the few fields that reception decides on.
/// Keeps the first octets of the current line and nothing else, however long lines and header are.
/// </summary>
internal sealed class HeaderScan
{
    private const int LongestName = 12;

    private readonly byte[] _start = new byte[LongestName];
    private int _kept;
    private long _lineOctets;

    /// <summary>How many Received fields there were (RFC 5321 §6.3).</summary>
    public int ReceivedFields { get; private set; }

    /// <summary>There was a Date field.</summary>
    public bool HasDate { get; private set; }

    /// <summary>There was a Message-ID field.</summary>
    public bool HasMessageId { get; private set; }

    /// <summary>The empty line that ends the header was seen; further content is not looked at.</summary>
    public bool IsOver { get; private set; }

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
        _lineOctets += part.Length;
    }

    private void EndLine()
    {
        var line = _start.AsSpan(0, _kept);
        if (_lineOctets == 0 || (_lineOctets == 1 && line[0] == '\r'))
        {
            IsOver = true;
            return;
        }

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

    // RFC 5322 §2.2 and §4.5: a name in any case, and white space before the colon in old messages.
    private static bool Names(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        line.Length > name.Length
        && Ascii.EqualsIgnoreCase(line[..name.Length], name)
        && line[name.Length..] is [(byte)':' or (byte)' ' or (byte)'\t', ..];
}
