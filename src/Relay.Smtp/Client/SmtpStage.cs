namespace Relay.Smtp.Client;

/// <summary>The step of a client session that something happened in, in the order of the session.</summary>
public enum SmtpStage
{
    /// <summary>Nothing was sent or read yet.</summary>
    Connect = 0,

    /// <summary>Waiting for the greeting.</summary>
    Greeting,

    /// <summary>EHLO or HELO.</summary>
    Hello,

    /// <summary>STARTTLS and its reply.</summary>
    StartTls,

    /// <summary>The TLS handshake.</summary>
    Handshake,

    /// <summary>AUTH (RFC 4954).</summary>
    Authentication,

    /// <summary>MAIL.</summary>
    Mail,

    /// <summary>RCPT.</summary>
    Recipient,

    /// <summary>DATA and its 354.</summary>
    Data,

    /// <summary>The content, up to but without the final dot.</summary>
    Content,

    /// <summary>The final dot was sent; the message may have been taken.</summary>
    EndOfData,

    /// <summary>RSET.</summary>
    Reset,

    /// <summary>QUIT.</summary>
    Quit,
}
