using System.Net;
using Relay.Reception;

namespace Relay.Submission;

/// <summary>
/// Slows down guessing of passwords. After failures, a client, its network and the account it names each have to wait before the next
/// attempt of theirs is looked at, longer with every failure, and an attempt under way counts as one; who would wait too long is sent away.
/// Attempts on one account from one network are looked at one after another, so that no network takes up the time that is left for others
/// to log in to it. Client and account forget after a success, and all an hour after the last attempt. An account that has
/// authenticated from a client of late has, together with that client, a measure of its own: remote parties' failures do not keep out those
/// who belong here.
/// </summary>
internal sealed class AuthThrottle(KnownClients known, TimeProvider clock)
{
    /// <summary>How long failures are remembered.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);

    /// <summary>Nobody is asked to wait longer than this.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(1);

    private const int Capacity = 10_000;

    private static readonly FailureRule OfClient = new(0, TimeSpan.FromSeconds(30)) { CountsBusy = true };

    // Neighbours have nothing to do with each other but their provider: a few mistakes of all of them, and twelve a minute after that.
    private static readonly FailureRule OfNetwork = new(16, TimeSpan.FromSeconds(5)) { CountsBusy = true, IsForgiven = false };

    // Six guesses a minute from the whole world, and an owner who waits behind them does not wait long.
    private static readonly FailureRule OfAccount = new(0, TimeSpan.FromSeconds(10));
    private static readonly FailureRule OfPair = new(0, TimeSpan.FromSeconds(30));

    private readonly Lock _lock = new();
    private readonly RecentTable<(AddressBlock, string), FailureMeasure.Record> _clients = new(Capacity, Memory, clock);
    private readonly RecentTable<(AddressBlock, string), FailureMeasure.Record> _networks = new(Capacity, Memory, clock);
    private readonly RecentTable<(AddressBlock, string), FailureMeasure.Record> _accounts = new(Capacity, Memory, clock);
    private readonly RecentTable<(AddressBlock, string), FailureMeasure.Record> _pairs = new(Capacity, Memory, clock);
    private readonly SerialGate<(AddressBlock, string)> _unknown = new(clock);
    private readonly SerialGate<(AddressBlock, string)> _belonging = new(clock);

    /// <summary>Waits for those before an attempt, and takes a turn. Null: it is not looked at at all.</summary>
    /// <param name="address">Where it comes from.</param>
    /// <param name="account">Whom it names.</param>
    /// <param name="cancellationToken">The client is given up.</param>
    public async ValueTask<Turn?> EnterAsync(IPAddress address, string account, CancellationToken cancellationToken)
    {
        var started = clock.GetTimestamp();
        var attempt = LoginAttempt.From(address, account, known);
        var place = await QueueAsync(attempt, started, cancellationToken);
        if (place is not null && !attempt.IsKnown && LoginAttempt.From(address, account, known) is { IsKnown: true } again)
        {
            // One of those before has shown who this is, as where a program opens many connections at once.
            place.Dispose();
            attempt = again;
            place = await QueueAsync(attempt, started, cancellationToken);
        }

        return place is null ? null : Enter(attempt, Patience(started), place);
    }

    /// <summary>Takes a turn if it comes soon enough.</summary>
    /// <param name="attempt">The attempt.</param>
    /// <param name="patience">How long it may wait.</param>
    /// <param name="place">Its place in the line, given back when the turn is over or not to be had.</param>
    internal Turn? Enter(LoginAttempt attempt, TimeSpan patience, IDisposable? place = null)
    {
        lock (_lock)
        {
            FailureMeasure[] measures = attempt.IsKnown
                ? [new(OfPair, _pairs, (attempt.Client, attempt.Account), clock)]
                :
                [
                    new(OfClient, _clients, (attempt.Client, string.Empty), clock),
                    new(OfNetwork, _networks, (attempt.Network, string.Empty), clock),
                    new(OfAccount, _accounts, (default, attempt.Account), clock),
                ];
            var now = clock.GetTimestamp();
            var next = measures.Max(measure => measure.Next);
            var wait = next > now ? clock.GetElapsedTime(now, next) : TimeSpan.Zero;
            if (wait > patience)
            {
                place?.Dispose();
                return null;
            }

            foreach (var measure in measures)
            {
                measure.Begin();
            }

            return new Turn(this, attempt, measures, wait, place);
        }
    }

    private TimeSpan Patience(long started)
    {
        var left = LongestWait - clock.GetElapsedTime(started);
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private ValueTask<IDisposable?> QueueAsync(LoginAttempt attempt, long started, CancellationToken cancellationToken) => attempt.IsKnown
        ? _belonging.EnterAsync((attempt.Client, attempt.Account), Patience(started), cancellationToken)
        : _unknown.EnterAsync((attempt.Network, attempt.Account), Patience(started), cancellationToken);

    private void End(Turn turn, FailureMeasure[] measures)
    {
        if (turn.End == LoginEnd.Succeeded)
        {
            known.Add(turn.Attempt.Client, turn.Attempt.Account);
        }

        lock (_lock)
        {
            foreach (var measure in measures)
            {
                measure.End(turn.End);
            }
        }
    }

    private Task DelayAsync(TimeSpan wait, CancellationToken cancellationToken) => Task.Delay(wait, clock, cancellationToken);

    /// <summary>One attempt: waits for its time, and is looked at.</summary>
    internal sealed class Turn(
        AuthThrottle throttle, LoginAttempt attempt, FailureMeasure[] measures, TimeSpan wait, IDisposable? place) : IDisposable
    {
        /// <summary>The attempt.</summary>
        public LoginAttempt Attempt { get; } = attempt;

        /// <summary>How long it has to wait before anybody looks at it.</summary>
        public TimeSpan Wait { get; } = wait;

        public Task WaitAsync(CancellationToken cancellationToken) => throttle.DelayAsync(Wait, cancellationToken);

        /// <summary>How it ended, told before it is disposed.</summary>
        public LoginEnd End { get; set; }

        public void Dispose()
        {
            throttle.End(this, measures);
            place?.Dispose();
        }
    }
}
