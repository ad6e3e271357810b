namespace Relay.Dns.Messages;

/// <summary>What came of reading a received message.</summary>
internal enum ParseOutcome
{
    /// <summary>It does not answer our question; the true answer may still come (RFC 5452 §9.1).</summary>
    NotOurs = 0,

    /// <summary>It answers our question but breaks the format.</summary>
    Malformed,

    /// <summary>It answers our question.</summary>
    Parsed,
}
