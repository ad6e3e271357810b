namespace Relay.Queue.Bounces;

/// <summary>How much of a message a notification returns (RFC 3461 §4.3).</summary>
internal enum ReturnedPart
{
    /// <summary>The beginning of the header section, by which the message is recognised.</summary>
    BriefHeader = 0,

    /// <summary>The header section.</summary>
    Header,

    /// <summary>The whole message where that is not too much, else its header section.</summary>
    Whole,
}
