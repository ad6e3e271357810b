namespace Relay.LoadTest.Load;

/// <summary>What the clients of a load submit, and who hears what became of it.</summary>
internal interface ILoadSource
{
    /// <summary>There is, or will be, something to submit.</summary>
    bool HasMore { get; }

    /// <summary>The next message to submit; null when there are no more. May make the client wait.</summary>
    ValueTask<LoadMessage?> TakeAsync(CancellationToken cancellationToken);

    /// <summary>The relay answered 250.</summary>
    void OnAccepted(int message);

    /// <summary>The relay answered something else.</summary>
    void OnRefused(int message, string reply);

    /// <summary>The connection broke before the answer: the relay may have the message or not.</summary>
    void OnUnanswered(int message);

    /// <summary>The relay greeted a client with a refusal.</summary>
    void OnTurnedAway(string reply);
}
