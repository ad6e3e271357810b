using System.Text;
using Relay.Mail;

namespace Relay.Smtp.Grammar;

/// <summary>The parameters of RCPT: NOTIFY and ORCPT (RFC 3461 §4.1, §4.2).</summary>
internal static class RcptParameters
{
    private const int MaxNotifyOctets = 28;
    private const int MaxOriginalRecipientOctets = 500;

    /// <summary>Adds the parameters in <paramref name="text"/> to <paramref name="recipient"/>.</summary>
    public static SmtpCommand Parse(RcptTo recipient, ReadOnlySpan<byte> text)
    {
        var reader = new ParameterReader(text);
        while (reader.TryNext())
        {
            var fault = reader.Is("NOTIFY"u8) ? ApplyNotify(ref recipient, reader.Value)
                : reader.Is("ORCPT"u8) ? ApplyOriginalRecipient(ref recipient, reader.Value)
                : CommandFault.UnknownParameter;
            if (fault is not null)
            {
                return new SmtpCommand.Invalid(fault.Value);
            }
        }

        return reader.Fault is { } end ? new SmtpCommand.Invalid(end) : new SmtpCommand.Rcpt(recipient);
    }

    // RFC 3461 §4.1: NEVER alone, or a list of the others; §4.5: repeated parameters get 501.
    private static CommandFault? ApplyNotify(ref RcptTo recipient, ReadOnlySpan<byte> value)
    {
        if (recipient.Notify != DsnNotify.None || value.Length > MaxNotifyOctets)
        {
            return CommandFault.BadParameter;
        }

        var notify = DsnNotify.None;
        foreach (var range in value.Split((byte)','))
        {
            var word = value[range];
            var flag = Ascii.EqualsIgnoreCase(word, "NEVER"u8) ? DsnNotify.Never
                : Ascii.EqualsIgnoreCase(word, "SUCCESS"u8) ? DsnNotify.Success
                : Ascii.EqualsIgnoreCase(word, "FAILURE"u8) ? DsnNotify.Failure
                : Ascii.EqualsIgnoreCase(word, "DELAY"u8) ? DsnNotify.Delay
                : DsnNotify.None;
            if (flag == DsnNotify.None)
            {
                return CommandFault.BadParameter;
            }

            notify |= flag;
        }

        if (notify.HasFlag(DsnNotify.Never) && notify != DsnNotify.Never)
        {
            return CommandFault.BadParameter;
        }

        recipient = recipient with { Notify = notify };
        return null;
    }

    // RFC 3461 §4.2: addr-type ";" xtext. RFC 6533 §3 adds the type utf-8, whose text may be UTF-8 itself.
    private static CommandFault? ApplyOriginalRecipient(ref RcptTo recipient, ReadOnlySpan<byte> value)
    {
        var separator = value.IndexOf((byte)';');
        if (recipient.OriginalRecipient is not null || value.Length > MaxOriginalRecipientOctets
            || separator <= 0 || separator == value.Length - 1)
        {
            return CommandFault.BadParameter;
        }

        var type = value[..separator];
        var address = value[(separator + 1)..];
        var isValid = IsAddressType(type)
            && (Ascii.EqualsIgnoreCase(type, "utf-8"u8) ? IsUtf8Address(address) : Xtext.IsValid(address));
        if (!isValid)
        {
            return CommandFault.BadParameter;
        }

        recipient = recipient with { OriginalRecipient = Encoding.UTF8.GetString(value) };
        return null;
    }

    private static bool IsAddressType(ReadOnlySpan<byte> type)
    {
        foreach (var octet in type)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet != (byte)'-')
            {
                return false;
            }
        }

        return true;
    }

    // RFC 6533 §3: \x{HEX} stands for a character in utf-8-addr-xtext. Braces and backslashes are plain printables to
    // us: the value is relayed as given, and nothing in it can be a control.
    private static bool IsUtf8Address(ReadOnlySpan<byte> address) => Utf8Text.IsPrintable(address);
}
