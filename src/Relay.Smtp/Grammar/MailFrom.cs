using Relay.Mail;

namespace Relay.Smtp.Grammar;

/// <summary>A MAIL command: the reverse-path and its parameters (RFC 5321 §4.1.1.2).</summary>
/// <param name="ReversePath">Where notifications go.</param>
public sealed record MailFrom(ReversePath ReversePath)
{
    /// <summary>BODY (RFC 6152 §2).</summary>
    public BodyType Body { get; init; }

    /// <summary>SIZE in octets as declared; null when not given (RFC 1870 §4).</summary>
    public long? DeclaredSize { get; init; }

    /// <summary>SMTPUTF8 was given (RFC 6531 §3.4).</summary>
    public bool SmtpUtf8 { get; init; }

    /// <summary>RET (RFC 3461 §4.3).</summary>
    public DsnReturn Return { get; init; }

    /// <summary>ENVID, still in xtext as given, for it is relayed so; null when not given (RFC 3461 §4.4).</summary>
    public string? EnvelopeId { get; init; }

    /// <summary>AUTH as given; null when not given (RFC 4954 §5).</summary>
    public string? Auth { get; init; }
}
