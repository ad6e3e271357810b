using System.Diagnostics;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Smtp.Server;

/// <summary>The replies of the session itself (RFC 5321 §4.2.2, §4.3.2; RFC 3463 §3).</summary>
internal static class Replies
{
    public static Reply Ok { get; } = new(250, new(2, 0, 0), "Ok");

    public static Reply SenderOk { get; } = new(250, new(2, 1, 0), "Sender ok");

    public static Reply RecipientOk { get; } = new(250, new(2, 1, 5), "Recipient ok");

    // RFC 2034 §4: 3yz replies carry no enhanced code.
    public static Reply StartMail { get; } = new(354, default, "End data with <CR><LF>.<CR><LF>");

    public static Reply ReadyForTls { get; } = new(220, new(2, 0, 0), "Ready to start TLS");

    public static Reply Bye { get; } = new(221, new(2, 0, 0), "Bye");

    public static Reply Help { get; } = new(
        214, new(2, 0, 0),
        ["EHLO HELO MAIL RCPT DATA BDAT RSET NOOP VRFY HELP QUIT STARTTLS AUTH", "See RFC 5321"]);

    // RFC 5321 §7.3: VRFY that tells nothing is answered 252.
    public static Reply CannotVerify { get; } = new(252, new(2, 5, 0), "Cannot verify, but will take the message");

    public static Reply NotImplemented { get; } = new(502, new(5, 5, 1), "Command not implemented");

    public static Reply HelloFirst { get; } = new(503, new(5, 5, 1), "Say EHLO first");

    public static Reply MailFirst { get; } = new(503, new(5, 5, 1), "MAIL first");

    public static Reply NestedMail { get; } = new(503, new(5, 5, 1), "A transaction is open; RSET ends it");

    public static Reply ChunkingBegun { get; } = new(503, new(5, 5, 1), "BDAT has begun; go on with BDAT or RSET");

    // RFC 5321 §3.3: 554 when no recipient was accepted.
    public static Reply NoRecipients { get; } = new(554, new(5, 5, 1), "No valid recipients");

    // RFC 5321 §4.5.3.1.10: 452, so that the rest is sent in another transaction.
    public static Reply TooManyRecipients { get; } = new(
        452, new(4, 5, 3), "Too many recipients; send the rest separately");

    public static Reply TooBig { get; } = new(552, new(5, 3, 4), "Message exceeds the size limit");

    public static Reply BareLineEnd { get; } = new(
        554, new(5, 6, 0), "Message has a CR or LF that is not part of CRLF (RFC 5321 section 2.3.8)");

    public static Reply NulOctet { get; } = new(554, new(5, 6, 0), "Message has a NUL octet (RFC 2045 section 2.8)");

    public static Reply LineTooLong { get; } = new(
        554, new(5, 6, 0), "Message has a line of more than 998 octets (RFC 5322 section 2.1.1)");

    public static Reply Utf8NotDeclared { get; } = new(
        553, new(5, 6, 7), "Address is not ASCII and MAIL did not say SMTPUTF8");

    public static Reply AlreadySecure { get; } = new(503, new(5, 5, 1), "TLS is already active");

    public static Reply TlsRequired { get; } = new(530, new(5, 7, 0), "Must issue a STARTTLS command first");

    public static Reply TlsUnavailable { get; } = new(454, new(4, 7, 0), "TLS not available due to temporary reason");

    public static Reply EarlyTalker { get; } = new(554, new(5, 5, 1), "Commands came before they were due");

    public static Reply NotSmtp { get; } = new(554, new(5, 5, 1), "This is not SMTP, closing");

    public static Reply TimedOut(string host) => new(421, new(4, 4, 2), $"{host} waited too long, closing");

    public static Reply Stopping(string host) => new(421, new(4, 3, 2), $"{host} is shutting down, closing");

    public static Reply TooManyErrors(string host) => new(421, new(4, 7, 0), $"{host} too many errors, closing");

    public static Reply TooManyCommands(string host) => new(
        421, new(4, 7, 0), $"{host} too many commands without a message, closing");

    public static Reply NoMessage(string host) => new(421, new(4, 4, 2), $"{host} too long without a message, closing");

    public static Reply TooSlow(string host) => new(421, new(4, 4, 2), $"{host} the message comes too slowly, closing");

    public static Reply Failed(string host) => new(421, new(4, 3, 0), $"{host} has an internal error, closing");

    /// <summary>The reply to a line that cannot be carried out.</summary>
    public static Reply To(CommandFault fault) => fault switch
    {
        CommandFault.UnknownVerb => new(500, new(5, 5, 1), "Command not recognized"),
        CommandFault.LineTooLong => new(500, new(5, 5, 2), "Line too long"),
        CommandFault.BareLineEnd => new(500, new(5, 5, 2), "Line has a bare CR, bare LF or NUL"),
        CommandFault.LineFeedAlone => new(500, new(5, 5, 2), "Lines end in CR LF, not in LF alone; closing"),
        CommandFault.BadArgument => new(501, new(5, 5, 4), "Syntax error in parameters or arguments"),
        CommandFault.BadChunkSize => new(501, new(5, 5, 4), "Bad BDAT, closing"),
        CommandFault.BadHelloName => new(501, new(5, 5, 4), "Name is neither a domain nor an address literal"),
        CommandFault.BadReversePath => new(501, new(5, 1, 7), "Bad sender address syntax"),
        CommandFault.BadForwardPath => new(501, new(5, 1, 3), "Bad recipient address syntax"),
        CommandFault.ReversePathTooLong => new(501, new(5, 1, 7), "Sender address too long"),
        CommandFault.ForwardPathTooLong => new(501, new(5, 1, 3), "Recipient address too long"),
        CommandFault.BadParameter => new(501, new(5, 5, 4), "Bad or repeated parameter"),
        CommandFault.UnknownParameter => new(555, new(5, 5, 4), "Parameter not recognized or not implemented"),
        _ => throw new UnreachableException(),
    };
}
