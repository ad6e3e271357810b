namespace Relay.TestKit;

/// <summary>Waits for what no event tells: a row in a store, the state of another process.</summary>
internal static class Poll
{
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Completes once the condition holds; throws <see cref="TimeoutException"/> when it does not within a minute.</summary>
    public static Task UntilAsync(Func<bool> condition, CancellationToken cancellationToken) =>
        UntilAsync(() => Task.FromResult(condition()), cancellationToken);

    /// <summary>As above, for what has to be awaited.</summary>
    public static async Task UntilAsync(Func<Task<bool>> condition, CancellationToken cancellationToken)
    {
        var start = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            if (TimeProvider.System.GetElapsedTime(start) > Patience)
            {
                throw new TimeoutException("What was waited for did not come.");
            }

            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }
}
