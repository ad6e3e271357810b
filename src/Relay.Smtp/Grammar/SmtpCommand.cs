namespace Relay.Smtp.Grammar;

/// <summary>A command line as the server understood it (RFC 5321 §4.1.1).</summary>
internal abstract record SmtpCommand
{
    private SmtpCommand()
    {
    }

    /// <summary>EHLO or HELO.</summary>
    /// <param name="Name">The client's name or address literal, as given.</param>
    /// <param name="IsExtended">EHLO.</param>
    public sealed record Hello(string Name, bool IsExtended) : SmtpCommand;

    /// <summary>MAIL.</summary>
    public sealed record Mail(MailFrom From) : SmtpCommand;

    /// <summary>RCPT.</summary>
    public sealed record Rcpt(RcptTo To) : SmtpCommand;

    /// <summary>DATA.</summary>
    public sealed record Data : SmtpCommand
    {
        /// <summary>The only one.</summary>
        public static Data Instance { get; } = new();
    }

    /// <summary>BDAT (RFC 3030 §2).</summary>
    /// <param name="Octets">Size of the chunk that follows the line; <see cref="long.MaxValue"/> for any number
    /// above.</param>
    /// <param name="IsLast">LAST was given.</param>
    public sealed record Bdat(long Octets, bool IsLast) : SmtpCommand;

    /// <summary>RSET.</summary>
    public sealed record Rset : SmtpCommand
    {
        /// <summary>The only one.</summary>
        public static Rset Instance { get; } = new();
    }

    /// <summary>NOOP, whatever its argument (RFC 5321 §4.1.1.9).</summary>
    public sealed record Noop : SmtpCommand
    {
        /// <summary>The only one.</summary>
        public static Noop Instance { get; } = new();
    }

    /// <summary>VRFY.</summary>
    public sealed record Vrfy : SmtpCommand
    {
        /// <summary>The only one.</summary>
        public static Vrfy Instance { get; } = new();
    }

    /// <summary>EXPN.</summary>
    public sealed record Expn : SmtpCommand
    {
        /// <summary>The only one.</summary>
        public static Expn Instance { get; } = new();
    }

    /// <summary>HELP.</summary>
    public sealed record Help : SmtpCommand
    {
        /// <summary>The only one.</summary>
        public static Help Instance { get; } = new();
    }

    /// <summary>QUIT.</summary>
    public sealed record Quit : SmtpCommand
    {
        /// <summary>The only one.</summary>
        public static Quit Instance { get; } = new();
    }

    /// <summary>STARTTLS (RFC 3207 §4).</summary>
    public sealed record StartTls : SmtpCommand
    {
        /// <summary>The only one.</summary>
        public static StartTls Instance { get; } = new();
    }

    /// <summary>AUTH (RFC 4954 §4).</summary>
    /// <param name="Mechanism">In capital letters.</param>
    /// <param name="InitialResponse">As given, not decoded; null when there is none. Whoever decodes it clears it.</param>
    public sealed record Auth(string Mechanism, byte[]? InitialResponse) : SmtpCommand;

    /// <summary>A line that is no command we can carry out.</summary>
    public sealed record Invalid(CommandFault Fault) : SmtpCommand;

    /// <summary>A line of another protocol: nothing of what this client sends is meant for SMTP.</summary>
    public sealed record Foreign(ForeignProtocol Protocol) : SmtpCommand;
}
