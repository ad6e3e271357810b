namespace Relay.Smtp.Grammar;

/// <summary>What is wrong with a command line that cannot be carried out.</summary>
internal enum CommandFault
{
    /// <summary>The verb is not known, or the line has none (RFC 5321 §4.2.4: 500).</summary>
    UnknownVerb = 0,

    /// <summary>The line is longer than we take (RFC 5321 §4.5.3.1.4).</summary>
    LineTooLong,

    /// <summary>A CR or LF stood alone, or a NUL, in the line (RFC 5321 §2.3.8).</summary>
    BareLineEnd,

    /// <summary>A LF without a CR is the last octet that came, and no CRLF before it (RFC 5321 §2.3.8).</summary>
    LineFeedAlone,

    /// <summary>The argument is missing, not wanted or not in the grammar.</summary>
    BadArgument,

    /// <summary>
    /// The argument of BDAT is not in the grammar, so that the octets behind it cannot be counted (RFC 3030 §2).
    /// </summary>
    BadChunkSize,

    /// <summary>The name in EHLO or HELO is neither a domain nor an address literal.</summary>
    BadHelloName,

    /// <summary>The reverse-path is not in the grammar.</summary>
    BadReversePath,

    /// <summary>The forward-path is not in the grammar.</summary>
    BadForwardPath,

    /// <summary>The reverse-path or a part of it is longer than RFC 5321 §4.5.3.1 allows.</summary>
    ReversePathTooLong,

    /// <summary>The forward-path or a part of it is longer than RFC 5321 §4.5.3.1 allows.</summary>
    ForwardPathTooLong,

    /// <summary>A parameter is malformed, repeated, or its value is out of range.</summary>
    BadParameter,

    /// <summary>A parameter belongs to no extension that is offered (RFC 5321 §4.1.1.11: 555).</summary>
    UnknownParameter,
}
