using Relay.Mail;

namespace Relay.Queue.Bounces;

/// <summary>Whom notifications come from; registered by the program.</summary>
/// <param name="HostName">The relay's name: Reporting-MTA (RFC 3464 §2.2.2).</param>
/// <param name="Postmaster">The mailbox in From (RFC 3464 §2.1).</param>
public sealed record NotificationIdentity(string HostName, Mailbox Postmaster);
