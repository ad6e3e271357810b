using Relay.Mail;

namespace Relay.MtaSts.Cache;

/// <summary>
/// One look under way, which serves everyone who asks about the domain meanwhile. It ends with the relay, not with the message that began
/// it; mail does not wait for its end where a policy is known, or when it takes long.
/// </summary>
internal sealed class PolicyLook
{
    /// <summary>
    /// How long mail holds its place among the deliveries for a look. Then it is deferred, and finds the look's result when it
    /// comes again: silent policy hosts must not take all the places.
    /// </summary>
    public static readonly TimeSpan LongestHold = TimeSpan.FromSeconds(5);

    private readonly PolicyClock _clock;
    private readonly Lazy<Task<DomainState>> _result;
    private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly DateTimeOffset _startedOn;
    private readonly long _startedAt;
    private volatile DomainState? _known;
    private ITimer? _timer;

    public PolicyLook(DomainName domain, LookKind kind, string asker, PolicyClock clock, Func<PolicyLook, Task<DomainState>> run)
    {
        (Domain, Kind, Asker, _clock) = (domain, kind, asker, clock);
        (_startedOn, _startedAt) = (clock.Now, clock.Timestamp);
        _result = new Lazy<Task<DomainState>>(() => RunAsync(run));
    }

    public DomainName Domain { get; }

    public LookKind Kind { get; }

    /// <summary>On whose behalf: the queue id of the message that began it, or empty.</summary>
    public string Asker { get; }

    /// <summary>What it comes to; starts it.</summary>
    public Task<DomainState> Result => _result.Value;

    /// <summary>What is remembered of the domain. Serves mail as soon as that is let go, where it holds an unexpired policy.</summary>
    public void Knows(DomainState state) => _known = state;

    /// <summary>Mail need not wait any longer than this.</summary>
    public void LetGoAfter(TimeSpan span) => _timer?.Change(span, Timeout.InfiniteTimeSpan);

    /// <summary>What holds for mail: the result, or what is known when mail is let go earlier.</summary>
    public async ValueTask<PolicyDecision> AnswerAsync(CancellationToken cancellationToken)
    {
        var result = Result;
        await Task.WhenAny(result, _released.Task).WaitAsync(cancellationToken);
        return result.IsCompleted ? (await result).Decision : Meanwhile();
    }

    /// <summary>What holds for mail while the result is not to be had.</summary>
    public PolicyDecision Meanwhile()
    {
        if (_known is { Policy: not null } known && _clock.Timestamp < known.ExpiresAt)
        {
            return known.Decision;
        }

        // Not for ever: whoever fills all the places could hold up the mail to every domain that is new. What the store may
        // still hold, or has lost, is waited for.
        var patience = _clock.Options.UnknownPolicyPatience;
        return _known is { IsDoubtful: false } unlisted && !unlisted.IsLost(_clock.Now) && _clock.Time.GetElapsedTime(_startedAt) >= patience
            ? PolicyDecision.NoPolicy.Instance
            : new PolicyDecision.Unknown(_startedOn + patience, "it is still being looked for");
    }

    private async Task<DomainState> RunAsync(Func<PolicyLook, Task<DomainState>> run)
    {
        await using (_timer = _clock.Time.CreateTimer(
            static look => ((PolicyLook)look!)._released.TrySetResult(), this, LongestHold, Timeout.InfiniteTimeSpan))
        {
            return await run(this);
        }
    }
}
