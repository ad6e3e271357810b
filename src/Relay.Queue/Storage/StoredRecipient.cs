using Relay.Smtp.Grammar;

namespace Relay.Queue.Storage;

/// <summary>A recipient with its number in the message.</summary>
/// <param name="Seq">From 0.</param>
/// <param name="Envelope">As received.</param>
/// <param name="IsWarned">Its sender has been told of the delay.</param>
internal readonly record struct StoredRecipient(int Seq, RcptTo Envelope, bool IsWarned);
