using Relay.Queue.Scheduling;
using Relay.Queue.Scheduling.Sites;

namespace Relay.Queue.Tests.Scheduling;

/// <summary>The tables that entries stand in, against plain ones, at random with a fixed seed.</summary>
public sealed class EntryTableTests
{
    private const int Steps = 4_000;

    private readonly Destination _destination = new("a.test");

    [Fact]
    public void AlarmHeap_AnyOrderOfAddingAndRemoving_GivesTheEarliest()
    {
        var random = new Random(1);
        var heap = new AlarmHeap(entry => entry.Due);
        var plain = new List<QueueEntry>();
        for (var step = 0; step < Steps; step++)
        {
            if (plain.Count == 0 || random.Next(5) < 3)
            {
                var entry = new QueueEntry(new QueueId(step + 1), _destination, long.MaxValue) { Due = random.Next(500) };
                heap.Add(entry);
                plain.Add(entry);
            }
            else
            {
                var entry = random.Next(2) == 0 && heap.TryPeek(out var first, out _) ? first : plain[random.Next(plain.Count)];
                heap.Remove(entry);
                heap.Remove(entry);
                plain.Remove(entry);
            }

            Assert.Equal(plain.Count > 0, heap.TryPeek(out _, out var time));
            Assert.Equal(plain.Select(entry => entry.Due).DefaultIfEmpty().Min(), time);
        }

        Assert.Equal(plain.OrderBy(entry => entry.Id.Value), heap.ToArray().OrderBy(entry => entry.Id.Value));
    }

    [Fact]
    public void MessageIndex_AnyOrderOfAddingAndRemoving_FindsTheEntriesOfAMessage()
    {
        var random = new Random(2);
        var index = new MessageIndex();
        var plain = new List<QueueEntry>();
        for (var step = 0; step < Steps; step++)
        {
            if (plain.Count == 0 || random.Next(5) < 3)
            {
                var entry = new QueueEntry(new QueueId(random.Next(1, 3000)), _destination, long.MaxValue);
                index.Add(entry);
                plain.Add(entry);
            }
            else
            {
                var at = random.Next(plain.Count);
                index.Remove(plain[at]);
                plain.RemoveAt(at);
            }

            var id = new QueueId(random.Next(1, 3000));
            Assert.Equal(plain.Count(entry => entry.Id == id), index.Of(id).Distinct().Count(entry => entry.Id == id));
        }

        Assert.Equal(plain.Count, index.Count);
    }

    [Fact]
    public void Destination_EntriesRemovedFromAnywhere_KeepsTheOrderOfTheRest()
    {
        var entries = Enumerable.Range(1, 6).Select(id => new QueueEntry(new QueueId(id), _destination, id)).ToArray();
        Array.ForEach(entries[1..], _destination.Append);
        _destination.Prepend(entries[0]);
        _destination.Remove(entries[5]);
        _destination.Remove(entries[2]);
        Assert.Equal([entries[1], entries[0]], _destination.TakeOverdue(2).OrderByDescending(entry => entry.Id.Value));
        Assert.Equal(4, _destination.EarliestExpiry);
        _destination.Append(entries[2]);
        Assert.Equal([4, 5, 3], [_destination.Take().Id.Value, _destination.Take().Id.Value, _destination.Take().Id.Value]);
        Assert.False(_destination.HasReady);
    }
}
