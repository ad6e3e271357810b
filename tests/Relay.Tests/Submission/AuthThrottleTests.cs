using System.Net;
using Relay.Lab;
using Relay.Submission;

namespace Relay.Tests.Submission;

public sealed class AuthThrottleTests
{
    private readonly ManualClock _clock = new();
    private readonly AuthThrottle _throttle;

    public AuthThrottleTests() => _throttle = new AuthThrottle(_clock);

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
        Attempt("192.0.2.1", "ann");
        Assert.Equal(TimeSpan.FromSeconds(1), Attempt("192.0.2.2", "ann"));
        Assert.Equal(TimeSpan.FromSeconds(2), Attempt("192.0.2.3", "ann"));
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

    [Fact]
    public void Attempts_AtOnce_WaitInTurnAndNotForever()
    {
        for (var i = 0; i < 6; i++)
        {
            Attempt("192.0.2.1", "ann");
        }

        using var first = _throttle.Enter("192.0.2.1", "ann", isKnown: false);
        using var second = _throttle.Enter("192.0.2.1", "bob", isKnown: false);
        Assert.Equal(TimeSpan.FromSeconds(30), first!.Wait);
        Assert.Equal(TimeSpan.FromSeconds(60), second!.Wait);
        Assert.Null(_throttle.Enter("192.0.2.1", "carl", isKnown: false));

        // One who leaves gives the turn back.
        second.Dispose();
        using var third = _throttle.Enter("192.0.2.1", "carl", isKnown: false);
        Assert.Equal(TimeSpan.FromSeconds(60), third!.Wait);
    }

    [Fact]
    public void Success_ForgetsFailures()
    {
        Attempt("192.0.2.1", "ann");
        using (var turn = _throttle.Enter("192.0.2.1", "ann", isKnown: false))
        {
            turn!.Succeed();
        }

        Assert.Equal(TimeSpan.Zero, Attempt("192.0.2.1", "ann"));
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

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1", true)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true)]
    [InlineData("192.0.2.1", "192.0.2.2", false)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true)]
    [InlineData("2001:db8:1:2::1", "2001:db8:1:3::1", false)]
    public void Network_OfIPv6_IsItsSlash64(string one, string other, bool same) =>
        Assert.Equal(same, AuthThrottle.NetworkOf(IPAddress.Parse(one)) == AuthThrottle.NetworkOf(IPAddress.Parse(other)));

    [Fact] // A stranger decides how many names and addresses there are.
    public void Table_OfManyKeys_KeepsTheLatestAndNoMoreThanFit()
    {
        var table = new RecentTable<int>(100, TimeSpan.FromHours(1), _clock);
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

    private TimeSpan Attempt(string network, string account, bool isKnown = false)
    {
        using var turn = _throttle.Enter(network, account, isKnown);
        turn!.Fail();
        _clock.Advance(turn.Wait);
        return turn.Wait;
    }
}
