using Microsoft.Extensions.Options;

namespace Relay.Queue;

/// <summary>Refuses times with which the queue would spin or hold mail for ever.</summary>
internal sealed class QueueOptionsValidator : IValidateOptions<QueueOptions>
{
    private static readonly TimeSpan Shortest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);
    private static readonly TimeSpan LongestLife = TimeSpan.FromDays(30);
    private static readonly TimeSpan LongestKeeping = TimeSpan.FromDays(3650);

    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, QueueOptions options)
    {
        var faults = new List<string>();
        for (var index = 0; index < options.RetrySchedule.Count; index++)
        {
            var wait = options.RetrySchedule[index];
            if (wait < Shortest || wait > LongestWait)
            {
                faults.Add($"Queue:RetrySchedule:{index}: \"{wait}\" is out of range; write 00:00:01 to 1.00:00:00");
            }
        }

        if (options.Lifetime < Shortest || options.Lifetime > LongestLife)
        {
            faults.Add($"Queue:Lifetime: \"{options.Lifetime}\" is out of range; write 00:00:01 to 30.00:00:00");
        }

        if (options.DelayWarning < TimeSpan.Zero || options.DelayWarning > LongestLife)
        {
            faults.Add($"Queue:DelayWarning: \"{options.DelayWarning}\" is out of range; write 00:00:00 (never) to 30.00:00:00");
        }

        if (options.NotificationLifetime is { } lifetime && (lifetime < Shortest || lifetime > LongestLife))
        {
            faults.Add($"Queue:NotificationLifetime: \"{lifetime}\" is out of range; write 00:00:01 to 30.00:00:00");
        }

        if (options.MemoryOctets < 0)
        {
            faults.Add($"Queue:MemoryOctets: \"{options.MemoryOctets}\" is negative; write 0 or more, as 67108864");
        }

        if (options.MaxEntries < 1)
        {
            faults.Add($"Queue:MaxEntries: \"{options.MaxEntries}\" is out of range; write 1 or more, as 2000000");
        }

        if (options.MinFreeOctets < 0)
        {
            faults.Add($"Queue:MinFreeOctets: \"{options.MinFreeOctets}\" is negative; write 0 or more, as 134217728");
        }

        ValidateFailed(options.Failed, faults);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void ValidateFailed(FailedMailOptions failed, List<string> faults)
    {
        if (failed.MaxAge < Shortest || failed.MaxAge > LongestKeeping)
        {
            faults.Add($"Queue:Failed:MaxAge: \"{failed.MaxAge}\" is out of range; write 00:00:01 to 3650.00:00:00");
        }

        if (failed.MaxMessages < 0)
        {
            faults.Add($"Queue:Failed:MaxMessages: \"{failed.MaxMessages}\" is negative; write 0 (none is kept) or more, as 10000");
        }

        if (failed.MaxOctets < 0)
        {
            faults.Add($"Queue:Failed:MaxOctets: \"{failed.MaxOctets}\" is negative; write 0 or more, as 1073741824");
        }
    }
}
