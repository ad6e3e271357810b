namespace Relay.Smtp;

/// <summary>The log events of this project: 2000s. Operators alert on them; none is ever reused.</summary>
public static class SmtpEventIds
{
    /// <summary>A server session ended other than by QUIT.</summary>
    public const int SessionBroken = 2001;

    /// <summary>A server session met an error of our own.</summary>
    public const int SessionFailed = 2002;

    /// <summary>A message was refused, at MAIL or after its content was read.</summary>
    public const int Refused = 2003;

    /// <summary>A client's TLS handshake failed.</summary>
    public const int ServerHandshakeFailed = 2004;

    /// <summary>A client met a limit of its session.</summary>
    public const int LimitReached = 2005;

    /// <summary>A client sent commands before it was their turn.</summary>
    public const int EarlyTalker = 2006;

    /// <summary>A client spoke another protocol than SMTP.</summary>
    public const int ForeignProtocol = 2007;

    /// <summary>A command was refused: no command, not in the grammar, out of sequence, or not without TLS.</summary>
    public const int CommandRefused = 2008;
}
