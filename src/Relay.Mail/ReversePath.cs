namespace Relay.Mail;

/// <summary>Where notifications go: a mailbox, or null for messages that must cause none (RFC 5321 §4.5.5).</summary>
/// <param name="Mailbox">The sender's mailbox; null for the null reverse-path <c>&lt;&gt;</c>.</param>
public sealed record ReversePath(Mailbox? Mailbox)
{
    /// <summary>The null reverse-path.</summary>
    public static ReversePath Null { get; } = new((Mailbox?)null);

    /// <summary>True for <c>&lt;&gt;</c>.</summary>
    public bool IsNull => Mailbox is null;

    /// <summary>The path in angle brackets, as MAIL carries it.</summary>
    public override string ToString() => $"<{Mailbox}>";
}
