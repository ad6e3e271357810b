namespace Relay.Queue.Storage;

/// <summary>What an attempt came to for one recipient, as the store keeps it.</summary>
/// <param name="Seq">The recipient's number in its message.</param>
/// <param name="State">Its new state; null when it was delivered and its row goes.</param>
/// <param name="Status">The enhanced status code, in text.</param>
/// <param name="Text">The diagnostic.</param>
internal readonly record struct RecipientSettlement(int Seq, RecipientState? State, string Status, string Text);
