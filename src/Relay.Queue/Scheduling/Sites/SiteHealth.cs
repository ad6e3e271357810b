namespace Relay.Queue.Scheduling.Sites;

/// <summary>What an attempt says of the site it went to.</summary>
internal enum SiteHealth
{
    /// <summary>Nothing: the domain or the message was the matter.</summary>
    Neutral = 0,

    /// <summary>It took a message.</summary>
    Good,

    /// <summary>A session broke, or the host asked for fewer (421).</summary>
    Strained,

    /// <summary>No host could be found or connected to.</summary>
    Unreachable,
}
