namespace Relay.TlsRpt.Records;

/// <summary>Why a URI of a <c>rua</c> list cannot be used (RFC 8460 §3).</summary>
public enum TlsRptUriFault
{
    /// <summary>Longer than any address of a mailbox or a web server.</summary>
    TooLong = 0,

    /// <summary>White space, a control character, an exclamation mark or something beyond ASCII, none of them encoded.</summary>
    BadCharacter,

    /// <summary>The scheme is neither mailto: nor https://.</summary>
    OtherScheme,

    /// <summary>Behind mailto: stands no mailbox.</summary>
    NoMailbox,

    /// <summary>Behind https:// stands no host, or a user's name.</summary>
    NoHost,
}
