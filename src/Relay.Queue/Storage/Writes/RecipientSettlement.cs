namespace Relay.Queue.Storage.Writes;

/// <summary>What an attempt came to for one recipient, as the store keeps it.</summary>
/// <param name="Seq">The recipient's number in its message.</param>
/// <param name="State">Its new state; null when nothing is left to do for it and its row goes.</param>
/// <param name="Status">The enhanced status code, in text.</param>
/// <param name="Text">The diagnostic.</param>
internal readonly record struct RecipientSettlement(int Seq, RecipientState? State, string Status, string Text)
{
    /// <summary>Its sender is told of the delay, now or before.</summary>
    public bool IsWarned { get; init; }
}
