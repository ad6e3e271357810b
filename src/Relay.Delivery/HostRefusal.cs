using Relay.Mail;

namespace Relay.Delivery;

/// <summary>Why a host was passed over.</summary>
/// <param name="Reason">A word from a closed set, for logs and counters: <c>sts-mx-not-listed</c>.</param>
/// <param name="Status">The status that a message gets when nothing else is left; transient for policies (RFC 8461
/// §5).</param>
/// <param name="Text">For people, one line.</param>
public sealed record HostRefusal(string Reason, EnhancedStatusCode Status, string Text);
