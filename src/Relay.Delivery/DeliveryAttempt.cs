using Relay.Mail;
using Relay.Smtp;
using Relay.Smtp.Grammar;

namespace Relay.Delivery;

/// <summary>One try to deliver one message to its recipients at one destination domain.</summary>
public sealed class DeliveryAttempt
{
    /// <summary>The queue id, for logs.</summary>
    public required string QueueId { get; init; }

    /// <summary>The recipients' domain as given: a domain, or an address literal in brackets.</summary>
    public required MailDomain Destination { get; init; }

    /// <summary>
    /// The domain whose policy applies: the recipients' domain, never an alias's target, or the next hop's name with a
    /// fixed route (RFC 8461 §3.4). Null for address literals, which have no policy. Set with <see cref="Hosts"/> by
    /// the routing step.
    /// </summary>
    public DomainName? PolicyDomain { get; set; }

    /// <summary>
    /// What becomes of the recipients because no route was found; null where <see cref="Hosts"/> has one. A plugin may settle them
    /// otherwise (RFC 8461 §10.2: DNS alone must not end what a policy protects). Set by the routing step.
    /// </summary>
    public DeliveryOutcome? RouteFailure { get; set; }

    /// <summary>Reverse-path and parameters of MAIL as received.</summary>
    public required MailFrom Mail { get; init; }

    /// <summary>At least one.</summary>
    public required IReadOnlyList<AttemptRecipient> Recipients { get; init; }

    /// <summary>The message.</summary>
    public required MessageContent Content { get; init; }

    /// <summary>
    /// The message's time in the queue is over: what this attempt defers is returned to the sender. A plugin that holds
    /// mail back looks once more before that happens (RFC 8461 §5).
    /// </summary>
    public required bool IsFinal { get; init; }

    /// <summary>
    /// The message is a TLS report. It goes out whatever TLS its destination has (RFC 8460 §3), and its sessions are not counted.
    /// </summary>
    public bool IsTlsReport { get; init; }

    /// <summary>The hosts in the order of trial; set by the routing step.</summary>
    public IReadOnlyList<MxHost> Hosts { get; set; } = [];

    /// <summary>One for each connection tried or reused, in order; filled by the transport.</summary>
    public IList<TlsSessionRecord> Sessions { get; } = [];

    /// <summary>Fields that middleware wants on the log line of every recipient: <c>sts=enforce</c>.</summary>
    public IList<KeyValuePair<string, string>> LogFields { get; } = [];

    /// <summary>Settles every recipient that has no outcome yet.</summary>
    public void SettleRemaining(DeliveryOutcome outcome)
    {
        foreach (var recipient in Recipients)
        {
            recipient.Outcome ??= outcome;
        }
    }
}
