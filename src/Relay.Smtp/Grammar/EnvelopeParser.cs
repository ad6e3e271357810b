using System.Text;
using Relay.Mail;

namespace Relay.Smtp.Grammar;

/// <summary>Reads the arguments of MAIL and RCPT (RFC 5321 §4.1.1.2, §4.1.1.3).</summary>
internal static class EnvelopeParser
{
    /// <summary>Understands what follows <c>MAIL</c>.</summary>
    public static SmtpCommand ParseMail(ReadOnlySpan<byte> argument)
    {
        if (!TrySkipKeyword(ref argument, "FROM:"u8))
        {
            return new SmtpCommand.Invalid(CommandFault.BadArgument);
        }

        if (PathParser.TryRead(argument, out var mailbox, out var rest) is { } fault)
        {
            return new SmtpCommand.Invalid(fault == PathFault.TooLong ? CommandFault.ReversePathTooLong : CommandFault.BadReversePath);
        }

        // RFC 5321 §4.1.2: a reverse-path has a domain or is null; <Postmaster> is for RCPT alone.
        if (mailbox is { Domain.Length: 0 })
        {
            return new SmtpCommand.Invalid(CommandFault.BadReversePath);
        }

        var mail = new MailFrom(mailbox is null ? ReversePath.Null : new ReversePath(mailbox));
        return rest.IsEmpty ? new SmtpCommand.Mail(mail) : MailParameters.Parse(mail, rest);
    }

    /// <summary>Understands what follows <c>RCPT</c>.</summary>
    public static SmtpCommand ParseRcpt(ReadOnlySpan<byte> argument)
    {
        if (!TrySkipKeyword(ref argument, "TO:"u8))
        {
            return new SmtpCommand.Invalid(CommandFault.BadArgument);
        }

        if (PathParser.TryRead(argument, out var mailbox, out var rest) is { } fault)
        {
            return new SmtpCommand.Invalid(fault == PathFault.TooLong ? CommandFault.ForwardPathTooLong : CommandFault.BadForwardPath);
        }

        // RFC 5321 §4.1.1.3, §4.5.1: no null path here, and only the postmaster may lack a domain, in any letter case.
        if (mailbox is null
            || (mailbox.Domain.Length == 0
                && !mailbox.LocalPart.Equals("postmaster", StringComparison.OrdinalIgnoreCase)))
        {
            return new SmtpCommand.Invalid(CommandFault.BadForwardPath);
        }

        var recipient = new RcptTo(mailbox);
        return rest.IsEmpty ? new SmtpCommand.Rcpt(recipient) : RcptParameters.Parse(recipient, rest);
    }

    // RFC 5321 §3.3, departure: blanks after the colon are passed over; printers and old libraries send them, and
    // nothing can be smuggled in them. Before the colon, and between the verb's words, nothing is forgiven.
    private static bool TrySkipKeyword(ref ReadOnlySpan<byte> argument, ReadOnlySpan<byte> keyword)
    {
        if (argument.Length < keyword.Length || !Ascii.EqualsIgnoreCase(argument[..keyword.Length], keyword))
        {
            return false;
        }

        argument = argument[keyword.Length..].TrimStart((byte)' ');
        return true;
    }
}
