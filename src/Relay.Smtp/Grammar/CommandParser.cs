using System.Buffers.Text;
using System.Text;
using Relay.Mail;

namespace Relay.Smtp.Grammar;

/// <summary>Reads a command line, its CRLF already taken off (RFC 5321 §4.1.1). Any octets may come in.</summary>
internal static class CommandParser
{
    /// <summary>Understands one line.</summary>
    public static SmtpCommand Parse(ReadOnlySpan<byte> line)
    {
        // RFC 5321 §4.1.1: a server should tolerate blanks before the CRLF.
        line = line.TrimEnd(" \t"u8);
        var end = line.IndexOf((byte)' ');
        var verb = end < 0 ? line : line[..end];
        var argument = end < 0 ? default : line[end..].TrimStart((byte)' ');
        if (ForeignLine.IsHttp(line, verb))
        {
            return new SmtpCommand.Foreign(ForeignProtocol.Http);
        }

        // RFC 5321 §2.3.8: CR and LF come only together, as the line end; NUL is in no command's grammar.
        if (line.ContainsAny("\r\n\0"u8))
        {
            return new SmtpCommand.Invalid(CommandFault.BareLineEnd);
        }

        return verb.Length == 4 ? ParseFourLetters(verb, argument) : ParseOther(verb, argument);
    }

    private static SmtpCommand ParseFourLetters(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> argument)
    {
        // RFC 5321 §2.4: verbs are not case sensitive.
        Span<byte> upper = stackalloc byte[4];
        return Ascii.ToUpper(verb, upper, out _) != System.Buffers.OperationStatus.Done
            ? Unknown(verb, argument)
            : upper switch
            {
                [(byte)'M', (byte)'A', (byte)'I', (byte)'L'] => EnvelopeParser.ParseMail(argument),
                [(byte)'R', (byte)'C', (byte)'P', (byte)'T'] => EnvelopeParser.ParseRcpt(argument),
                [(byte)'E', (byte)'H', (byte)'L', (byte)'O'] => ParseHello(argument, isExtended: true),
                [(byte)'H', (byte)'E', (byte)'L', (byte)'O'] => ParseHello(argument, isExtended: false),
                [(byte)'D', (byte)'A', (byte)'T', (byte)'A'] => Alone(argument, SmtpCommand.Data.Instance),
                [(byte)'B', (byte)'D', (byte)'A', (byte)'T'] => ParseBdat(argument),
                [(byte)'R', (byte)'S', (byte)'E', (byte)'T'] => Alone(argument, SmtpCommand.Rset.Instance),
                [(byte)'Q', (byte)'U', (byte)'I', (byte)'T'] => Alone(argument, SmtpCommand.Quit.Instance),
                [(byte)'N', (byte)'O', (byte)'O', (byte)'P'] => SmtpCommand.Noop.Instance,
                [(byte)'H', (byte)'E', (byte)'L', (byte)'P'] => SmtpCommand.Help.Instance,
                [(byte)'V', (byte)'R', (byte)'F', (byte)'Y'] => WithArgument(argument, SmtpCommand.Vrfy.Instance),
                [(byte)'E', (byte)'X', (byte)'P', (byte)'N'] => WithArgument(argument, SmtpCommand.Expn.Instance),
                [(byte)'A', (byte)'U', (byte)'T', (byte)'H'] => ParseAuth(argument),
                _ => Unknown(verb, argument),
            };
    }

    // RFC 3207 §4: STARTTLS takes no parameter.
    private static SmtpCommand ParseOther(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> argument) =>
        Ascii.EqualsIgnoreCase(verb, "STARTTLS"u8)
            ? Alone(argument, SmtpCommand.StartTls.Instance)
            : Unknown(verb, argument);

    private static SmtpCommand Unknown(ReadOnlySpan<byte> verb, ReadOnlySpan<byte> argument) =>
        ForeignLine.IsField(verb, argument)
            ? new SmtpCommand.Foreign(ForeignProtocol.Unknown)
            : new SmtpCommand.Invalid(CommandFault.UnknownVerb);

    private static SmtpCommand Alone(ReadOnlySpan<byte> argument, SmtpCommand command) =>
        argument.IsEmpty ? command : new SmtpCommand.Invalid(CommandFault.BadArgument);

    private static SmtpCommand WithArgument(ReadOnlySpan<byte> argument, SmtpCommand command) =>
        argument.IsEmpty ? new SmtpCommand.Invalid(CommandFault.BadArgument) : command;

    private static SmtpCommand ParseHello(ReadOnlySpan<byte> name, bool isExtended) =>
        DomainSyntax.IsHelloName(name)
            ? new SmtpCommand.Hello(Encoding.ASCII.GetString(name), isExtended)
            : new SmtpCommand.Invalid(CommandFault.BadHelloName);

    // RFC 4954 §8: "AUTH" SP sasl-mech [SP initial-response].
    private static SmtpCommand ParseAuth(ReadOnlySpan<byte> argument)
    {
        var end = argument.IndexOf((byte)' ');
        var mechanism = end < 0 ? argument : argument[..end];
        var response = end < 0 ? default : argument[end..].TrimStart((byte)' ');
        return IsMechanism(mechanism) && !response.Contains((byte)' ')
            ? new SmtpCommand.Auth(
                Encoding.ASCII.GetString(mechanism).ToUpperInvariant(), response.IsEmpty ? null : response.ToArray())
            : new SmtpCommand.Invalid(CommandFault.BadArgument);
    }

    // RFC 4422 §3.1: 1 to 20 letters, digits, hyphens and underscores.
    private static bool IsMechanism(ReadOnlySpan<byte> name)
    {
        foreach (var octet in name)
        {
            if (!char.IsAsciiLetterOrDigit((char)octet) && octet is not ((byte)'-' or (byte)'_'))
            {
                return false;
            }
        }

        return name.Length is > 0 and <= 20;
    }

    // RFC 3030 §2: "BDAT" SP chunk-size [ SP "LAST" ].
    private static SmtpCommand ParseBdat(ReadOnlySpan<byte> argument)
    {
        var end = argument.IndexOf((byte)' ');
        var size = end < 0 ? argument : argument[..end];
        var mark = end < 0 ? default : argument[end..].TrimStart((byte)' ');
        return TryReadNumber(size, out var octets) && (mark.IsEmpty || Ascii.EqualsIgnoreCase(mark, "LAST"u8))
            ? new SmtpCommand.Bdat(octets, !mark.IsEmpty)
            : new SmtpCommand.Invalid(CommandFault.BadChunkSize);
    }

    /// <summary>Reads digits only; what does not fit becomes <see cref="long.MaxValue"/>, above every limit.</summary>
    internal static bool TryReadNumber(ReadOnlySpan<byte> digits, out long number)
    {
        number = 0;
        if (digits.IsEmpty || digits.ContainsAnyExceptInRange((byte)'0', (byte)'9'))
        {
            return false;
        }

        if (!Utf8Parser.TryParse(digits, out number, out _))
        {
            number = long.MaxValue;
        }

        return true;
    }
}
