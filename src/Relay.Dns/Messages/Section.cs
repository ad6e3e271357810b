namespace Relay.Dns.Messages;

/// <summary>The sections of a message, in the order of their counts in the header (RFC 1035 §4.1.1).</summary>
internal enum Section
{
    Question = 0,
    Answer,
    Authority,
    Additional,
}
