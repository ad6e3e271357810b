namespace Relay.Smtp.Client;

/// <summary>What a transaction came to.</summary>
/// <param name="Recipients">One for each recipient, in the order given.</param>
/// <param name="Fault">Why the session broke; null when it can serve another transaction.</param>
public sealed record TransactionResult(IReadOnlyList<RecipientResult> Recipients, SessionFault? Fault);
