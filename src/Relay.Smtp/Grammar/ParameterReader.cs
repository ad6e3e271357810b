using System.Text;
using Relay.Mail;

namespace Relay.Smtp.Grammar;

/// <summary>Takes the parameters of MAIL and RCPT one by one (RFC 5321 §4.1.2: Mail-parameters).</summary>
internal ref struct ParameterReader(ReadOnlySpan<byte> text)
{
    private ReadOnlySpan<byte> _rest = text;

    /// <summary>The keyword, in the letter case given.</summary>
    public ReadOnlySpan<byte> Keyword { get; private set; }

    /// <summary>The value; empty when there is none.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>What stopped the reading; null at a proper end.</summary>
    public CommandFault? Fault { get; private set; }

    /// <summary>Takes the next parameter; false at the end or at a fault.</summary>
    public bool TryNext()
    {
        if (_rest.IsEmpty)
        {
            return false;
        }

        // The path and each parameter are set apart by a space; several do no harm.
        var start = _rest.TrimStart((byte)' ');
        if (start.Length == _rest.Length)
        {
            Fault = CommandFault.BadArgument;
            return false;
        }

        var end = start.IndexOf((byte)' ');
        var parameter = end < 0 ? start : start[..end];
        _rest = end < 0 ? default : start[end..];
        var equals = parameter.IndexOf((byte)'=');
        Keyword = equals < 0 ? parameter : parameter[..equals];
        Value = equals < 0 ? default : parameter[(equals + 1)..];
        if (!IsKeyword(Keyword) || (equals >= 0 && !IsValue(Value)))
        {
            Fault = CommandFault.BadParameter;
            return false;
        }

        return true;
    }

    /// <summary>The keyword is this one; keywords are not case sensitive (RFC 5321 §2.4).</summary>
    public readonly bool Is(ReadOnlySpan<byte> keyword) => Ascii.EqualsIgnoreCase(Keyword, keyword);

    private static bool IsKeyword(ReadOnlySpan<byte> keyword)
    {
        foreach (var octet in keyword)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet != (byte)'-')
            {
                return false;
            }
        }

        return keyword.Length > 0 && keyword[0] != (byte)'-';
    }

    // RFC 5321 §4.1.2: esmtp-value is 1*(%d33-60 / %d62-126); RFC 6531 §3.3 adds what is not ASCII.
    private static bool IsValue(ReadOnlySpan<byte> value)
    {
        foreach (var octet in value)
        {
            if (octet is < 0x21 or (byte)'=' or 0x7F)
            {
                return false;
            }
        }

        return !value.IsEmpty && Utf8Text.IsPrintable(value);
    }
}
