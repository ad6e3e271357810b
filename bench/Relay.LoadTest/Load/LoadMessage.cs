namespace Relay.LoadTest.Load;

/// <summary>One message to submit.</summary>
/// <param name="Number">Its number, which the content carries.</param>
/// <param name="Corpus">What its content is made from.</param>
/// <param name="ReversePath">The sender, without brackets.</param>
/// <param name="Recipients">The recipients, without brackets. The number travels in the envelope too, so that an envelope
/// with another's content is noticed.</param>
internal readonly record struct LoadMessage(
    int Number, LoadCorpus Corpus, string ReversePath, IReadOnlyList<string> Recipients);
