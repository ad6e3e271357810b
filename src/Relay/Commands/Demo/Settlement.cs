namespace Relay.Commands.Demo;

/// <summary>How the relay's log says that a recipient was settled.</summary>
/// <param name="Event"><c>delivered</c>, <c>deferred</c>, <c>bounced</c>.</param>
/// <param name="Verified">The <c>verified</c> key; empty where there was no session.</param>
/// <param name="Words">The MX's reply, or the relay's reason.</param>
internal sealed record Settlement(string Event, string Verified, string Words);
