namespace Relay.Smtp.Server;

/// <summary>Why the content of a message cannot be taken.</summary>
internal enum ContentFault
{
    /// <summary>Nothing is wrong so far.</summary>
    None = 0,

    /// <summary>A CR or LF stands alone (RFC 5321 §2.3.8).</summary>
    BareLineEnd,

    /// <summary>A NUL octet (RFC 2045 §2.8: in neither 7bit nor 8bit data).</summary>
    NulOctet,

    /// <summary>A line of more than 998 octets (RFC 5322 §2.1.1).</summary>
    LineTooLong,
}
