using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Lab;
using Relay.Reception;
using Relay.Submission;

namespace Relay.Tests.Submission;

public sealed class AuthThrottleTests : IDisposable
{
    private readonly ManualClock _clock = new();
    private readonly KnownClients _known;
    private readonly AuthThrottle _throttle;

    public AuthThrottleTests()
    {
        _known = new KnownClients(Options.Create(new RelayOptions()), _clock, NullLogger<KnownClients>.Instance);
        _throttle = new AuthThrottle(_known, _clock);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Failures_InARow_DoubleTheWaitUpToItsLimit()
    {
        foreach (var expected in (int[])[0, 1, 2, 4, 8, 16, 30, 30])
        {
            Assert.Equal(TimeSpan.FromSeconds(expected), Attempt("192.0.2.1", "ann"));
        }
    }

    [Fact]
    public void Failures_OfOneAddress_DelayItForEveryAccount()
    {
        Attempt("192.0.2.1", "ann");
        Assert.Equal(TimeSpan.FromSeconds(1), Attempt("192.0.2.1", "bob"));
        Assert.Equal(TimeSpan.Zero, Attempt("192.0.2.2", "carl"));
    }

    [Fact]
    public void Failures_AgainstOneAccount_DelayItFromEveryAddress()
    {
        foreach (var (last, expected) in ((int, int)[])[(1, 0), (2, 1), (3, 2), (4, 4), (5, 8), (6, 10), (7, 10)])
        {
            Assert.Equal(TimeSpan.FromSeconds(expected), Attempt($"192.0.{last}.1", "ann"));
        }
    }

    [Fact]
    public void Failures_OfOthers_DoNotKeepOutWhoIsKnown()
    {
        for (var i = 0; i < 20; i++)
        {
            Attempt($"192.0.2.{i}", "ann");
        }

        Assert.Equal(TimeSpan.Zero, Attempt("192.0.2.1", "ann", isKnown: true));

        // But it is no way round the wait for those who share the address.
        Assert.Equal(TimeSpan.FromSeconds(1), Attempt("192.0.2.1", "ann", isKnown: true));
        Assert.Equal(TimeSpan.FromSeconds(2), Attempt("192.0.2.1", "ann", isKnown: true));
    }

    [Fact] // guesses count as they start: thirty at once are not thirty free ones
    public void Attempts_AtOnce_WaitAsIfThoseBeforeHadFailed()
    {
        var turns = Enumerable.Range(0, 31).Select(i => Enter("192.0.2.1", $"user{i}")).ToList();
        Assert.Equal([0, 1, 3, 7, 15, 31], turns.OfType<AuthThrottle.Turn>().Select(turn => turn.Wait.TotalSeconds));
        Assert.All(turns[6..], Assert.Null);
    }

    [Fact] // who has a /48 has 65,536 clients in it; who has a /24, 256
    public void Attempts_FromAllOverOneNetwork_AreMeasuredTogether()
    {
        foreach (var network in (Func<int, string>[])[i => $"2001:db8:1:{i:x}::1", i => $"198.51.100.{i}"])
        {
            var waits = Enumerable.Range(0, 256).Select(i => Enter(network(i), network(i))).OfType<AuthThrottle.Turn>()
                .Select(turn => turn.Wait.TotalSeconds).ToList();
            Assert.Equal(Enumerable.Repeat(0.0, 17).Concat([1, 3, 7]), waits[..20]);
            Assert.Equal(waits[20..], waits[19..^1].Select(wait => wait + 5));
            Assert.InRange(waits.Count, 20, 32);
        }

        // The neighbours are as they were.
        Assert.Equal(TimeSpan.Zero, Enter("2001:db8:2::1", "user")!.Wait);
        Assert.Equal(TimeSpan.Zero, Enter("198.51.101.1", "user2")!.Wait);
    }

    [Fact] // an account of one's own does not buy guesses at others'
    public void Success_OfOne_DoesNotForgiveItsNetwork()
    {
        for (var i = 0; i < 20; i++)
        {
            Attempt($"198.51.100.{i}", $"user{i}");
        }

        using (var own = Enter("198.51.100.99", "mallory"))
        {
            own!.End = LoginEnd.Succeeded;
        }

        Assert.Equal(TimeSpan.FromSeconds(5), Attempt("198.51.100.100", "user"));
    }

    [Fact] // a network takes its places in turn with the others, however many tries it has
    public async Task OneNetworkAtAnAccount_WhateverItTries_LeavesRoomForItsOwner()
    {
        for (var i = 0; i < 10; i++)
        {
            Attempt("198.51.100.1", "ann");
        }

        var guesses = Enumerable.Range(1, 90)
            .Select(i => _throttle.EnterAsync(IPAddress.Parse($"198.51.100.{i}"), "ann", Cancel).AsTask()).ToList();
        var owner = _throttle.EnterAsync(IPAddress.Parse("203.0.113.7"), "ann", Cancel).AsTask();
        using var turn = await owner;
        Assert.InRange(turn!.Wait, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));
        _clock.Advance(AuthThrottle.LongestWait);
        await Task.WhenAll(guesses);
    }

    [Fact] // many connections of one client with the same right password: the first shows who they are
    public async Task Attempts_OfOneClientAtOnce_GoThroughOneAfterAnother()
    {
        var all = Enumerable.Range(0, 50).Select(_ => LogInAsync()).ToList();
        await Task.WhenAll(all);
        Assert.All(all, login => Assert.True(login.Result));

        async Task<bool> LogInAsync()
        {
            using var turn = await _throttle.EnterAsync(IPAddress.Parse("192.0.2.1"), "ann", Cancel);
            await Task.Yield();
            turn!.End = LoginEnd.Succeeded;
            return turn.Wait == TimeSpan.Zero;
        }
    }

    [Fact]
    public async Task Attempt_ThatWaitsTooLongForThoseBefore_IsSentAwayAndLeavesNothing()
    {
        var address = IPAddress.Parse("192.0.2.1");
        var first = await _throttle.EnterAsync(address, "ann", Cancel);
        var second = _throttle.EnterAsync(address, "ann", Cancel).AsTask();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var third = _throttle.EnterAsync(address, "ann", leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        _clock.Advance(AuthThrottle.LongestWait);
        Assert.Null(await second);
        first!.Dispose();
        using var later = await _throttle.EnterAsync(address, "ann", Cancel);
        Assert.Equal(TimeSpan.Zero, later!.Wait);
    }

    [Fact]
    public void Attempts_AtOnce_GiveTheirTurnBackWhenTheyLeave()
    {
        for (var i = 0; i < 6; i++)
        {
            Attempt("192.0.2.1", "ann");
        }

        using var first = Enter("192.0.2.1", "ann");
        using var second = Enter("192.0.2.1", "bob");
        Assert.Equal(TimeSpan.FromSeconds(30), first!.Wait);
        Assert.Equal(TimeSpan.FromSeconds(60), second!.Wait);
        Assert.Null(Enter("192.0.2.1", "carl"));
        second.Dispose();
        using var third = Enter("192.0.2.1", "carl");
        Assert.Equal(TimeSpan.FromSeconds(60), third!.Wait);
    }

    [Fact] // who crowds the others out pays for it; the account that was named does not
    public void Busy_CountsAgainstClientAndNetwork_NotAgainstTheAccount()
    {
        for (var i = 0; i < 20; i++)
        {
            using var turn = Enter($"198.51.100.{i % 10}", "ann");
            _clock.Advance(turn!.Wait);
            turn.End = LoginEnd.Busy;
        }

        Assert.Equal(TimeSpan.FromSeconds(5), Enter("198.51.100.99", "bob")!.Wait);
        Assert.Equal(TimeSpan.Zero, Enter("203.0.113.7", "ann")!.Wait);
    }

    [Fact]
    public void Success_ForgetsFailures()
    {
        Attempt("192.0.2.1", "ann");
        using (var turn = Enter("192.0.2.1", "ann"))
        {
            turn!.End = LoginEnd.Succeeded;
        }

        Assert.Equal(TimeSpan.Zero, Attempt("192.0.2.1", "ann"));
        Assert.True(_known.Contains(AddressBlock.OfClient(IPAddress.Parse("192.0.2.1")), "ann"));
    }

    [Fact]
    public void Failures_AreForgottenInTime()
    {
        Attempt("192.0.2.1", "ann");
        Attempt("192.0.2.1", "ann");
        _clock.Advance(AuthThrottle.Memory);
        Assert.Equal(TimeSpan.Zero, Attempt("192.0.2.1", "ann"));
        Assert.Equal(TimeSpan.FromSeconds(1), Attempt("192.0.2.1", "ann"));
    }

    [Fact] // A remote party decides how many names and addresses there are.
    public void Table_OfManyKeys_KeepsTheLatestAndNoMoreThanFit()
    {
        var table = new RecentTable<string, int>(100, TimeSpan.FromHours(1), _clock);
        for (var i = 0; i < 10_000; i++)
        {
            table.Set($"{i}", i);
            _clock.Advance(TimeSpan.FromMilliseconds(1));
            Assert.InRange(table.Count, 1, 100);
        }

        Assert.True(table.TryGet("9999", out var last));
        Assert.Equal(9999, last);
        Assert.False(table.TryGet("1", out _));
    }

    public void Dispose() => _known.Dispose();

    private AuthThrottle.Turn? Enter(string address, string account, bool isKnown = false)
    {
        var from = IPAddress.Parse(address);
        return _throttle.Enter(
            new LoginAttempt(AddressBlock.OfClient(from), AddressBlock.OfNetwork(from), account, isKnown), AuthThrottle.LongestWait);
    }

    private TimeSpan Attempt(string address, string account, bool isKnown = false)
    {
        using var turn = Enter(address, account, isKnown);
        turn!.End = LoginEnd.Failed;
        _clock.Advance(turn.Wait);
        return turn.Wait;
    }
}
