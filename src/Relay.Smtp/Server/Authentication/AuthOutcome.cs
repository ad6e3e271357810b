using Relay.Mail;

namespace Relay.Smtp.Server.Authentication;

/// <summary>How an AUTH command ended.</summary>
/// <param name="Reply">What the client is told; null when its farewell says all.</param>
internal sealed record AuthOutcome(Reply? Reply)
{
    /// <summary>Who the client is from here on; null when it did not succeed.</summary>
    public AuthenticationResult.Accepted? Accepted { get; init; }

    /// <summary>What ends the session, behind the reply or in its place; null when it goes on.</summary>
    public Reply? ClosingReply { get; init; }

    /// <summary>Set: the client is gone or to be left, and is told nothing of this.</summary>
    public CloseReason End { get; init; }
}
