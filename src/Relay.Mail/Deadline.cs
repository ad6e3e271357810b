namespace Relay.Mail;

/// <summary>
/// A time limit on one step, told apart from the caller's cancellation: <see cref="Expired"/> is true only when the
/// time ran out. Driven by <see cref="TimeProvider"/>, so that tests own the clock.
/// </summary>
public sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _linked;

    /// <summary>Starts the limit. <see cref="Timeout.InfiniteTimeSpan"/> never expires.</summary>
    public Deadline(TimeSpan limit, TimeProvider clock, CancellationToken cancellationToken)
    {
        _timer = new CancellationTokenSource(limit, clock);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, cancellationToken);
        Caller = cancellationToken;
    }

    /// <summary>Cancelled when the time is up or the caller cancels.</summary>
    public CancellationToken Token => _linked.Token;

    /// <summary>The time ran out and the caller did not cancel.</summary>
    public bool Expired => _timer.IsCancellationRequested && !Caller.IsCancellationRequested;

    private CancellationToken Caller { get; }

    /// <summary>The step is done: the limit no longer runs, and the token is the caller's alone. Nothing once the limit is over or disposed.</summary>
    public void Stop()
    {
        try
        {
#pragma warning disable RS0030 // Of a source made with a TimeProvider, which drives this too.
            _timer.CancelAfter(Timeout.InfiniteTimeSpan);
#pragma warning restore RS0030
        }
        catch (ObjectDisposedException)
        {
            // Who waited has left.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _linked.Dispose();
        _timer.Dispose();
    }
}
