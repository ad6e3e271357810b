using Relay.Smtp.Grammar;

namespace Relay.Delivery;

/// <summary>One recipient of an attempt and what became of it.</summary>
/// <param name="envelope">The recipient and its parameters as received.</param>
public sealed class AttemptRecipient(RcptTo envelope)
{
    /// <summary>The recipient and its parameters as received.</summary>
    public RcptTo Envelope { get; } = envelope;

    /// <summary>What the attempt came to; null until it is known.</summary>
    public DeliveryOutcome? Outcome { get; set; }
}
