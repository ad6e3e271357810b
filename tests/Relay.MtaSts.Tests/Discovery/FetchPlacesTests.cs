using Relay.MtaSts.Discovery;

namespace Relay.MtaSts.Tests.Discovery;

public sealed class FetchPlacesTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public void Enter_OneAskerForMany_HasItsShareAndLeavesTheRestToOthers()
    {
        var places = new FetchPlaces(places: 4, share: 3, maxWaiting: 100);
        var greedy = Enumerable.Range(0, 10).Select(_ => places.EnterAsync("greedy", Stop).AsTask()).ToList();
        Assert.Equal(3, greedy.Count(wait => wait.IsCompleted));
        Assert.True(places.EnterAsync("other", Stop).AsTask().IsCompleted);
    }

    [Fact]
    public async Task Leave_SeveralWait_TheyTakeTurnsByAsker()
    {
        var places = new FetchPlaces(places: 1, share: 1, maxWaiting: 100);
        await places.EnterAsync("running", Stop);
        var order = new List<string>();
        var waits = new List<Task>();
        foreach (var asker in (string[])["a", "a", "a", "b"])
        {
            waits.Add(NoteAsync(asker));
        }

        places.Leave("running");
        await Task.WhenAll(waits);
        Assert.Equal(["a", "b", "a", "a"], order);

        async Task NoteAsync(string asker)
        {
            await places.EnterAsync(asker, Stop);
            order.Add(asker);
            places.Leave(asker);
        }
    }

    [Fact]
    public async Task Enter_TooManyWait_IsSentAway()
    {
        var places = new FetchPlaces(places: 1, share: 1, maxWaiting: 2);
        Assert.True(places.EnterAsync("a", Stop).AsTask().IsCompletedSuccessfully);
        Assert.False(places.EnterAsync("a", Stop).AsTask().IsCompleted);
        Assert.False(places.EnterAsync("b", Stop).AsTask().IsCompleted);
        Assert.False(await places.EnterAsync("c", Stop));
    }
}
