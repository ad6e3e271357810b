namespace Relay.Lab.Mx;

/// <summary>How an MX host cuts its replies into writes.</summary>
public enum MxChunking
{
    /// <summary>One write for each reply.</summary>
    Whole = 0,

    /// <summary>One write for each line of a reply.</summary>
    PerLine,

    /// <summary>One write for each octet.</summary>
    PerOctet,

    /// <summary>One write for the replies to all commands that had arrived (RFC 2920 §3.2).</summary>
    Batched,
}
