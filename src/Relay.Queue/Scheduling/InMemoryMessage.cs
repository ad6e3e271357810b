using Relay.Queue.Scheduling.Sites;
using Relay.Queue.Storage;
using Relay.Smtp;

namespace Relay.Queue.Scheduling;

/// <summary>
/// A fresh message in memory, shared by its entries until each has had its first attempt. What that attempt defers is
/// read from the store the next time: the memory serves fresh mail.
/// </summary>
internal sealed class InMemoryMessage(
    QueuedEnvelope envelope, MessageContent content, IReadOnlyList<string> destinations, MemoryBudget budget)
{
    private int _holders;

    /// <summary>The envelope.</summary>
    public QueuedEnvelope Envelope { get; } = envelope;

    /// <summary>The content; valid until the last holder lets go.</summary>
    public MessageContent Content { get; } = content;

    /// <summary>The recipients at a destination.</summary>
    public List<StoredRecipient> RecipientsAt(Destination destination)
    {
        var found = new List<StoredRecipient>();
        for (var seq = 0; seq < destinations.Count; seq++)
        {
            if (destinations[seq] == destination.Name)
            {
                found.Add(new StoredRecipient(seq, Envelope.Recipients[seq], IsWarned: false));
            }
        }

        return found;
    }

    /// <summary>So many entries hold the message; called once, before any of them can let go.</summary>
    public void Hold(int entries) => _holders = entries;

    /// <summary>An entry lets go; the last one frees the memory.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _holders) == 0)
        {
            budget.Return(Content.Octets);
            Content.Dispose();
        }
    }
}
