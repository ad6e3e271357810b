using System.Net;
using System.Text;
using Relay.Lab;
using Relay.Reception;
using Relay.Submission;

namespace Relay.Tests.Submission;

/// <summary>What checking passwords costs, and whom it keeps waiting.</summary>
public sealed class PasswordCheckTests : IDisposable
{
    private readonly PasswordCheck _check = new(new ManualClock());
    private readonly ManualResetEventSlim _hold = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // The work of many hashes neither grows a queue without end nor answers wrongly.
    public async Task Check_ManyAtOnce_TurnsTheRestAway()
    {
        var hash = PasswordHash.Of("secret"u8, 50_000);
        var all = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(
            async () => await VerifyAsync($"10.0.{i}.1", "ann", hash, "guess"))));
        Assert.DoesNotContain(true, all);
        Assert.Contains(false, all);
        Assert.Contains(null, all);
        Assert.True(await VerifyAsync("192.0.2.1", "ann", hash, "secret"));
    }

    [Fact] // one network, however many addresses it has, has a quarter of the places
    public async Task Work_OfOneNetwork_LeavesPlacesForOthers()
    {
        var work = _check.ForUnknownClients;
        var running = await OccupyAsync(work);
        var crowd = Enumerable.Range(0, 40).Select(_ => DoAsync(work, "198.51.100.1")).ToList();
        Assert.Equal(32, crowd.Count(one => one.IsCompleted));
        Assert.All(crowd.Where(one => one.IsCompleted), one => Assert.Null(one.Result));
        var other = DoAsync(work, "203.0.113.1");
        Assert.False(other.IsCompleted);
        _hold.Set();
        Assert.True(await other);
        await Task.WhenAll([.. running, .. crowd]);
        Assert.True(await DoAsync(work, "198.51.100.1"));
    }

    [Fact] // who belongs here is not kept waiting by remote parties, however many they are and wherever from
    public async Task Work_OfUnknownClientsEverywhere_LeavesThePlaceOfThoseWhoAreKnown()
    {
        var running = await OccupyAsync(_check.ForUnknownClients);
        var crowd = Enumerable.Range(0, 64).Select(i => DoAsync(_check.ForUnknownClients, $"10.0.{i}.1")).ToList();
        var hash = PasswordHash.Of("secret"u8, 1_000);
        Assert.Null(await VerifyAsync("192.0.2.1", "ann", hash, "secret"));
        Assert.True(await VerifyAsync("192.0.2.1", "ann", hash, "secret", isKnown: true));
        _hold.Set();
        await Task.WhenAll([.. running, .. crowd]);
    }

    [Fact] // who leaves the line leaves its place
    public async Task Work_GivenUpWhileItWaits_LeavesItsPlace()
    {
        var work = new BoundedWork(1, places: 1, placesOfANetwork: 1);
        var running = work.DoAsync(Of("10.0.0.1"), Held, Cancel).AsTask();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var left = work.DoAsync(Of("10.0.0.1"), Held, leaving.Token).AsTask();
        Assert.Null(await DoAsync(work, "10.0.1.1"));
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => left);
        var next = DoAsync(work, "10.0.0.1");
        Assert.False(next.IsCompleted);
        _hold.Set();
        Assert.True(await running);
        Assert.True(await next);
        work.Dispose();
    }

    [Fact] // an account whose hash is older and cheaper is not told from others by the time of its answer
    public void Hash_CheaperThanTheDearest_CostsTheSame()
    {
        var cheap = PasswordHash.Of("secret"u8, 1_000);
        var dear = PasswordHash.Of("secret"u8, 100_000);
        Assert.True(cheap.IsOf("secret"u8, 100_000));
        Assert.False(cheap.IsOf("guess"u8, 100_000));
        Assert.Equal(100_000, CostOf(cheap, "secret"u8));
        Assert.Equal(100_000, CostOf(cheap, "guess"u8));
        Assert.Equal(100_000, CostOf(dear, "guess"u8));

        static int CostOf(PasswordHash hash, ReadOnlySpan<byte> password)
        {
            var cost = 0;
            hash.IsOf(password, 100_000, (_, _, iterations) =>
            {
                cost += iterations;
                return new byte[32];
            });
            return cost;
        }
    }

    public void Dispose()
    {
        _hold.Dispose();
        _check.Dispose();
    }

    private static AddressBlock Of(string address) => AddressBlock.OfNetwork(IPAddress.Parse(address));

    private static Task<bool?> DoAsync(BoundedWork work, string network) => work.DoAsync(Of(network), () => true, Cancel).AsTask();

    private bool Held()
    {
        _hold.Wait(Cancel);
        return true;
    }

    // All that is done at once is held until the test lets go.
    private async Task<List<Task<bool?>>> OccupyAsync(BoundedWork work)
    {
        var running = new List<Task<bool?>>();
        for (var i = 0; i < Math.Max(1, Environment.ProcessorCount / 2); i++)
        {
            using var begun = new SemaphoreSlim(0);
            running.Add(work.DoAsync(
                Of("10.255.0.1"),
                () =>
                {
                    begun.Release();
                    return Held();
                },
                Cancel).AsTask());
            await begun.WaitAsync(Cancel);
        }

        return running;
    }

    private async Task<bool?> VerifyAsync(string address, string account, PasswordHash hash, string password, bool isKnown = false)
    {
        var from = IPAddress.Parse(address);
        return await _check.VerifyAsync(
            new LoginAttempt(AddressBlock.OfClient(from), AddressBlock.OfNetwork(from), account, isKnown),
            hash,
            hash.Iterations,
            Encoding.UTF8.GetBytes(password),
            Cancel);
    }
}
