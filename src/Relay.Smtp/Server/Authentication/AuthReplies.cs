using Relay.Mail;

namespace Relay.Smtp.Server.Authentication;

/// <summary>The replies of an AUTH exchange (RFC 4954 §4, §6).</summary>
internal static class AuthReplies
{
    public static Reply Succeeded { get; } = new(235, new(2, 7, 0), "Authentication successful");

    // RFC 4954 §4: the challenge is base64, and an empty one is nothing behind the space. RFC 2034 §4: no enhanced code.
    public static Reply EmptyChallenge { get; } = new(334, default, string.Empty);

    // What every server of LOGIN asks, "Username:" and "Password:"; no RFC describes the mechanism, many clients have no other.
    public static Reply AskUserName { get; } = new(334, default, "VXNlcm5hbWU6");

    public static Reply AskPassword { get; } = new(334, default, "UGFzc3dvcmQ6");

    public static Reply AlreadyDone { get; } = new(503, new(5, 5, 1), "Already authenticated");

    public static Reply WithinTransaction { get; } = new(503, new(5, 5, 1), "AUTH is not possible within a transaction");

    public static Reply UnknownMechanism { get; } = new(504, new(5, 5, 4), "Mechanism not supported; offered: PLAIN LOGIN");

    public static Reply TlsFirst { get; } = new(
        538, new(5, 7, 11), "Encryption required for requested authentication mechanism; issue STARTTLS first");

    public static Reply Cancelled { get; } = new(501, new(5, 7, 0), "Authentication cancelled");

    public static Reply NotBase64 { get; } = new(501, new(5, 5, 2), "Response is not base64");

    public static Reply LineTooLong { get; } = new(500, new(5, 5, 6), "Authentication exchange line is too long");

    // RFC 4954 §6: one reply for every cause that the client has any part in.
    public static Reply Failed { get; } = new(535, new(5, 7, 8), "Authentication credentials invalid");

    public static Reply Unavailable { get; } = new(454, new(4, 7, 0), "Temporary authentication failure");

    public static Reply NoLongerInForce { get; } = new(
        530, new(5, 7, 0), "Authentication required: your account or its password has changed");

    public static Reply AuthenticateAgain(string host) => new(421, new(4, 7, 0), $"{host} connect again to authenticate, closing");

    public static Reply TooManyFailures(string host) => new(
        421, new(4, 7, 0), $"{host} too many authentication failures; try again later, closing");
}
