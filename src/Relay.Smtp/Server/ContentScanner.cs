using System.Buffers;
using System.Text;

namespace Relay.Smtp.Server;

/// <summary>
/// Goes over the octets of a message as they come, in any portions: checks that only CRLF ends lines, and within DATA
/// takes stuffed dots out and finds the end. Pure: no I/O, no memory of the octets themselves.
/// </summary>
/// <param name="isDotStuffed">DATA; false for the chunks of BDAT, whose end is counted (RFC 3030 §2).</param>
internal sealed class ContentScanner(bool isDotStuffed)
{
    // RFC 5322 §2.1.1; RFC 5321 §4.5.3.1.6 counts CRLF too and has 1000, the stuffed dot not counted.
    private const int MaxLineOctets = 998;

    private static readonly SearchValues<byte> LineEndOctets = SearchValues.Create("\r\n\0"u8);

    private State _state = State.LineStart;
    private long _lineOctets;

    private enum State
    {
        LineStart = 0,
        InLine,
        AfterCr,
        AfterDot,
        AfterDotCr,
    }

    /// <summary>The first thing found wrong; octets are still scanned for the end.</summary>
    public ContentFault Fault { get; private set; }

    /// <summary>An octet above 127 came.</summary>
    public bool IsEightBit { get; private set; }

    /// <summary>CRLF dot CRLF came; nothing more is to be scanned.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>The content so far ends in CRLF, or is empty.</summary>
    public bool IsAtLineStart => _state == State.LineStart;

    /// <summary>
    /// Scans up to the next octet that does not belong to the content. To be called until all is consumed or the end
    /// came.
    /// </summary>
    /// <param name="octets">What came.</param>
    /// <param name="consumed">How many of them were scanned.</param>
    /// <returns>The piece of content among the octets scanned; may be empty.</returns>
    public Range Scan(ReadOnlySpan<byte> octets, out int consumed)
    {
        var start = SkipDot(octets);
        var at = start;
        while (at < octets.Length && !IsEnded)
        {
            // RFC 5321 §4.5.2: a dot is looked for at real line starts only, and a piece ends before it.
            if (isDotStuffed && _state == State.LineStart && octets[at] == (byte)'.')
            {
                break;
            }

            at = ScanPart(octets, at);
        }

        consumed = at;
        var piece = octets[start..at];
        IsEightBit = IsEightBit || !Ascii.IsValid(piece);
        return start..at;
    }

    /// <summary>The last chunk of BDAT is in: what is left open is a fault.</summary>
    public void End()
    {
        if (_state == State.AfterCr)
        {
            Report(ContentFault.BareLineEnd);
        }
    }

    // What follows a line start's dot: CRLF ends the message, anything else is content without that dot.
    private int SkipDot(ReadOnlySpan<byte> octets)
    {
        var at = 0;
        if (at < octets.Length && isDotStuffed && _state == State.LineStart && octets[at] == (byte)'.')
        {
            _state = State.AfterDot;
            at++;
        }

        if (at < octets.Length && _state == State.AfterDot)
        {
            if (octets[at] == (byte)'\r')
            {
                _state = State.AfterDotCr;
                at++;
            }
            else
            {
                _state = State.InLine;
            }
        }

        if (at < octets.Length && _state == State.AfterDotCr)
        {
            // RFC 5321 §4.1.1.4: CRLF dot CRLF and nothing like it; dot CR without LF is a bare CR in the text.
            if (octets[at] == (byte)'\n')
            {
                IsEnded = true;
                at++;
            }
            else
            {
                Report(ContentFault.BareLineEnd);
                _state = State.InLine;
            }
        }

        return at;
    }

    // Scans the rest of a line up to its CR, or the octet after that CR; returns where to go on.
    private int ScanPart(ReadOnlySpan<byte> octets, int at)
    {
        if (_state == State.AfterCr)
        {
            if (octets[at] == (byte)'\n')
            {
                _state = State.LineStart;
                _lineOctets = 0;
                return at + 1;
            }

            Report(ContentFault.BareLineEnd);
            _state = State.InLine;
        }

        var found = octets[at..].IndexOfAny(LineEndOctets);
        var length = found < 0 ? octets.Length - at : found;
        _lineOctets += length;
        if (_lineOctets > MaxLineOctets)
        {
            Report(ContentFault.LineTooLong);
        }

        _state = State.InLine;
        if (found < 0)
        {
            return octets.Length;
        }

        switch (octets[at + found])
        {
            case (byte)'\r':
                _state = State.AfterCr;
                break;
            case (byte)'\n':
                Report(ContentFault.BareLineEnd);
                break;
            default:
                Report(ContentFault.NulOctet);
                break;
        }

        return at + found + 1;
    }

    private void Report(ContentFault fault) => Fault = Fault == ContentFault.None ? fault : Fault;
}
