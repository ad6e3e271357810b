namespace Relay.Submission;

/// <summary>What failures cost those to whom they are counted.</summary>
/// <param name="Free">So many failures delay nobody.</param>
/// <param name="LongestDelay">Each after them doubles the delay, from one second up to this.</param>
internal sealed record FailureRule(int Free, TimeSpan LongestDelay)
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromSeconds(1);

    /// <summary>A success ends it all. Not where those who succeed and those who guess are different people.</summary>
    public bool IsForgiven { get; init; } = true;

    /// <summary>Who finds no place has failed.</summary>
    public bool CountsBusy { get; init; }

    /// <summary>How long to wait after so many failures.</summary>
    public TimeSpan DelayAfter(int failures)
    {
        var counted = failures - Free;
        if (counted <= 0)
        {
            return TimeSpan.Zero;
        }

        var delay = FirstDelay * Math.Pow(2, Math.Min(counted, 16) - 1);
        return delay < LongestDelay ? delay : LongestDelay;
    }
}
