using System.Buffers.Text;
using System.Text;
using Relay.Mail;

namespace Relay.Smtp.Client;

/// <summary>
/// Reads one reply after the other from octets as they arrive (RFC 5321 §4.2). Strict as to codes and line ends, because a
/// reply taken wrongly shifts the answers to all commands after it; bounded, because the peer is not ours. A text that is too
/// long is cut and its code counts all the same (§4.2.1).
/// </summary>
internal sealed class ReplyReader
{
    /// <summary>
    /// Octets of a line with its CRLF; what is more is read and dropped. RFC 5321 §4.5.3.1.5 wants 512; EHLO keywords and
    /// texts exceed that in practice.
    /// </summary>
    public const int MaxLineLength = 2048;

    /// <summary>Octets of one reply with all that is dropped; more is none.</summary>
    public const int MaxReplyLength = 64 * 1024;

    private const int CodeLength = 3;
    private const int MaxTextLength = MaxLineLength - 2;

    private readonly List<string> _lines = [];
    private EnhancedStatusCode _status;
    private int _code;
    private int _length;

    // Inside a line whose beginning was taken: what is left of it is dropped.
    private bool _isSkipping;
    private bool _isLast;

    /// <summary>Why the last <see cref="Read"/> was <see cref="ReplyReadStatus.Malformed"/>; for people.</summary>
    public string Complaint { get; private set; } = string.Empty;

    /// <summary>
    /// Takes whole lines from the front of the octets; what is left must be offered again, with more behind it.
    /// </summary>
    public ReplyReadStatus Read(ReadOnlySpan<byte> octets, out int consumed, out Reply? reply)
    {
        consumed = 0;
        reply = null;
        while (true)
        {
            var rest = octets[consumed..];
            var lineEnd = rest.IndexOfAny((byte)'\r', (byte)'\n');
            var text = lineEnd < 0 ? rest : rest[..lineEnd];
            if (!_isSkipping && text.Length > MaxTextLength)
            {
                if (!TryTakeLine(Cut(text)))
                {
                    return ReplyReadStatus.Malformed;
                }

                consumed += MaxTextLength;
                _isSkipping = true;
                continue;
            }

            if (_isSkipping)
            {
                consumed += text.Length;
                rest = rest[text.Length..];
                lineEnd = Math.Min(lineEnd, 0);
                if (!TryCount(text.Length))
                {
                    return ReplyReadStatus.Malformed;
                }
            }

            if (lineEnd < 0 || (rest[lineEnd] == '\r' && lineEnd + 1 == rest.Length))
            {
                return ReplyReadStatus.Incomplete;
            }

            // RFC 5321 §2.3.8: only CRLF ends a line; CR or LF alone is how replies are smuggled.
            if (rest[lineEnd] == '\n' || rest[lineEnd + 1] != '\n')
            {
                return Complain("a bare CR or LF in a reply");
            }

            consumed += lineEnd + 2;
            if (!_isSkipping && !TryTakeLine(text))
            {
                return ReplyReadStatus.Malformed;
            }

            _isSkipping = false;
            if (_isLast)
            {
                reply = TakeReply();
                return ReplyReadStatus.Complete;
            }
        }
    }

    // RFC 5321 §4.2: Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
    private bool TryTakeLine(ReadOnlySpan<byte> line)
    {
        _isLast = line.Length == CodeLength || (line.Length > CodeLength && line[CodeLength] == ' ');
        if (!TryReadCode(line, out var code) || (!_isLast && line[CodeLength] != '-'))
        {
            Complain($"not a reply: \"{Decode(line[..Math.Min(line.Length, 40)])}\"");
            return false;
        }

        // RFC 5321 §4.2.1: every line of a reply bears the same code; which one would decide otherwise?
        if (_lines.Count > 0 && code != _code)
        {
            Complain($"codes {_code} and {code} in one reply");
            return false;
        }

        _code = code;
        TakeText(line.Length > CodeLength ? line[(CodeLength + 1)..] : []);
        return TryCount(line.Length + 2);
    }

    private bool TryCount(int octets)
    {
        _length += octets;
        if (_length > MaxReplyLength)
        {
            Complain("a reply is too long");
            return false;
        }

        return true;
    }

    // As much of a line as is kept, without the beginning of a character in UTF-8 whose end is dropped.
    private static ReadOnlySpan<byte> Cut(ReadOnlySpan<byte> line)
    {
        var end = MaxTextLength;
        while (end > MaxTextLength - 3 && (line[end - 1] & 0xC0) == 0x80)
        {
            end--;
        }

        return line[..(line[end - 1] >= 0xC0 ? end - 1 : end)];
    }

    private void TakeText(ReadOnlySpan<byte> text)
    {
        // RFC 2034 §4: the code stands on each line. RFC 3463 §2, RFC 5321 §4.2: the reply code decides, so an enhanced
        // code of another class is text and nothing more.
        if (TryReadStatus(text, out var status, out var length) && status.Class == _code / 100)
        {
            _status = _status.IsNone ? status : _status;
            text = text[length..].TrimStart((byte)' ');
        }

        _lines.Add(Decode(text));
    }

    private Reply TakeReply()
    {
        var reply = _lines.Count == 1
            ? new Reply(_code, _status, _lines[0])
            : new Reply(_code, _status, (IReadOnlyList<string>)[.. _lines]);
        _lines.Clear();
        _status = default;
        _length = 0;
        return reply;
    }

    private ReplyReadStatus Complain(string complaint)
    {
        Complaint = complaint;
        return ReplyReadStatus.Malformed;
    }

    // RFC 5321 §4.2: 2 to 5 and two more digits. Codes nobody knows are good, their first digit decides (§4.2.1).
    private static bool TryReadCode(ReadOnlySpan<byte> line, out int code)
    {
        code = 0;
        return line.Length >= CodeLength
            && line[0] is >= (byte)'2' and <= (byte)'5'
            && !line[..CodeLength].ContainsAnyExceptInRange((byte)'0', (byte)'9')
            && Utf8Parser.TryParse(line[..CodeLength], out code, out _);
    }

    // RFC 3463 §2: status-code = class "." subject "." detail, with up to three digits each.
    private static bool TryReadStatus(ReadOnlySpan<byte> text, out EnhancedStatusCode status, out int length)
    {
        status = default;
        length = text.IndexOf((byte)' ');
        length = length < 0 ? text.Length : length;
        if (length < 5 || length > 9 || text[1] != '.' || text[0] is not ((byte)'2' or (byte)'4' or (byte)'5'))
        {
            return false;
        }

        var numbers = text[2..length];
        var dot = numbers.IndexOf((byte)'.');
        if (dot < 0 || !TryReadNumber(numbers[..dot], out var subject)
            || !TryReadNumber(numbers[(dot + 1)..], out var detail))
        {
            return false;
        }

        status = new EnhancedStatusCode(text[0] - '0', subject, detail);
        return true;
    }

    private static bool TryReadNumber(ReadOnlySpan<byte> digits, out int number)
    {
        number = 0;
        return digits.Length is >= 1 and <= 3
            && !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            && Utf8Parser.TryParse(digits, out number, out _);
    }

    /// <summary>UTF-8 where it is that (RFC 6531 §3.7.4.2), else one character for each octet, so that nothing is lost;
    /// what could break a log line becomes a question mark.</summary>
    private static string Decode(ReadOnlySpan<byte> text)
    {
        if (!text.ContainsAnyExceptInRange((byte)' ', (byte)'~'))
        {
            return Encoding.ASCII.GetString(text);
        }

        var decoded = (System.Text.Unicode.Utf8.IsValid(text) ? Encoding.UTF8 : Encoding.Latin1).GetString(text);
        return string.Create(decoded.Length, decoded, static (target, source) =>
        {
            for (var i = 0; i < target.Length; i++)
            {
                target[i] = source[i] switch
                {
                    '\t' => ' ',
                    '\u2028' or '\u2029' => '?',
                    var c => char.IsControl(c) ? '?' : c,
                };
            }
        });
    }
}
