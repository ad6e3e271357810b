using System.Text;

namespace Relay.Smtp.Grammar;

/// <summary>The parameters of MAIL: SIZE, BODY, SMTPUTF8, RET, ENVID, AUTH (RFC 1870, 6152, 6531, 3461, 4954).</summary>
internal static class MailParameters
{
    private const int MaxSizeDigits = 20;
    private const int MaxEnvelopeIdOctets = 100;

    // RFC 4954 §3: AUTH adds 500 octets to the MAIL command.
    private const int MaxAuthOctets = 500;

    /// <summary>Adds the parameters in <paramref name="text"/> to <paramref name="mail"/>.</summary>
    public static SmtpCommand Parse(MailFrom mail, ReadOnlySpan<byte> text)
    {
        var reader = new ParameterReader(text);
        while (reader.TryNext())
        {
            if (Apply(ref mail, in reader) is { } fault)
            {
                return new SmtpCommand.Invalid(fault);
            }
        }

        return reader.Fault is { } end ? new SmtpCommand.Invalid(end) : new SmtpCommand.Mail(mail);
    }

    private static CommandFault? Apply(ref MailFrom mail, in ParameterReader parameter)
    {
        if (parameter.Is("SIZE"u8))
        {
            return ApplySize(ref mail, parameter.Value);
        }

        if (parameter.Is("BODY"u8))
        {
            return ApplyBody(ref mail, parameter.Value);
        }

        if (parameter.Is("SMTPUTF8"u8))
        {
            // RFC 6531 §3.4: the parameter has no value.
            var isBad = mail.SmtpUtf8 || !parameter.Value.IsEmpty;
            mail = mail with { SmtpUtf8 = true };
            return isBad ? CommandFault.BadParameter : null;
        }

        if (parameter.Is("RET"u8))
        {
            return ApplyReturn(ref mail, parameter.Value);
        }

        if (parameter.Is("ENVID"u8))
        {
            return ApplyEnvelopeId(ref mail, parameter.Value);
        }

        return parameter.Is("AUTH"u8)
            ? ApplyAuth(ref mail, parameter.Value)
            : CommandFault.UnknownParameter;
    }

    // RFC 1870 §4: 1*20DIGIT.
    private static CommandFault? ApplySize(ref MailFrom mail, ReadOnlySpan<byte> value)
    {
        if (mail.DeclaredSize is not null || value.Length > MaxSizeDigits
            || !CommandParser.TryReadNumber(value, out var size))
        {
            return CommandFault.BadParameter;
        }

        mail = mail with { DeclaredSize = size };
        return null;
    }

    // RFC 6152 §2. BINARYMIME (RFC 3030 §3) is not offered, so it is a bad value.
    private static CommandFault? ApplyBody(ref MailFrom mail, ReadOnlySpan<byte> value)
    {
        var body = Ascii.EqualsIgnoreCase(value, "8BITMIME"u8) ? BodyType.EightBitMime
            : Ascii.EqualsIgnoreCase(value, "7BIT"u8) ? BodyType.SevenBit
            : BodyType.Unspecified;
        if (mail.Body != BodyType.Unspecified || body == BodyType.Unspecified)
        {
            return CommandFault.BadParameter;
        }

        mail = mail with { Body = body };
        return null;
    }

    // RFC 3461 §4.3; §4.5: repeated or malformed parameters get 501.
    private static CommandFault? ApplyReturn(ref MailFrom mail, ReadOnlySpan<byte> value)
    {
        var returned = Ascii.EqualsIgnoreCase(value, "FULL"u8) ? DsnReturn.Full
            : Ascii.EqualsIgnoreCase(value, "HDRS"u8) ? DsnReturn.Headers
            : DsnReturn.Unspecified;
        if (mail.Return != DsnReturn.Unspecified || returned == DsnReturn.Unspecified)
        {
            return CommandFault.BadParameter;
        }

        mail = mail with { Return = returned };
        return null;
    }

    // RFC 3461 §4.4, §5.4: xtext of at most 100 octets.
    private static CommandFault? ApplyEnvelopeId(ref MailFrom mail, ReadOnlySpan<byte> value)
    {
        if (mail.EnvelopeId is not null || value.Length is 0 or > MaxEnvelopeIdOctets || !Xtext.IsValid(value))
        {
            return CommandFault.BadParameter;
        }

        mail = mail with { EnvelopeId = Encoding.ASCII.GetString(value) };
        return null;
    }

    // RFC 4954 §5: a mailbox in xtext or "<>". Any client may send it, authenticated or not; what it says is believed of none
    // (see docs/decisions/0013).
    private static CommandFault? ApplyAuth(ref MailFrom mail, ReadOnlySpan<byte> value)
    {
        if (mail.Auth is not null || value.Length is 0 or > MaxAuthOctets || !Xtext.IsValid(value))
        {
            return CommandFault.BadParameter;
        }

        mail = mail with { Auth = Encoding.ASCII.GetString(value) };
        return null;
    }
}
