namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>Runs cases and holds each to its time and its allocation.</summary>
internal sealed class CaseMeter(FuzzTarget target)
{
    private const int Repeats = 3;

    private static readonly TimeSpan MostTime = TimeSpan.FromMilliseconds(50);

    /// <summary>The most processor time that a case took, at its best.</summary>
    public TimeSpan Slowest { get; private set; }

    /// <summary>The most that a case allocated, at its best.</summary>
    public long MostAllocated { get; private set; }

    /// <summary>How many cases the parser took for sound.</summary>
    public long Accepted { get; private set; }

    /// <summary>
    /// Runs a case. Null when it kept its bounds; a case that did not gets three more chances, for the first may
    /// have paid for a collection or the compiler.
    /// </summary>
    public (string Kind, string Text)? Measure(byte[] input)
    {
        var mostAllocated = target.Allocation + (target.AllocationPerOctet * input.Length);
        var (time, allocated) = Run(input);
        for (var repeat = 0; repeat < Repeats && (time > MostTime || allocated > mostAllocated); repeat++)
        {
            var (again, allocatedAgain) = Run(input);
            time = again < time ? again : time;
            allocated = Math.Min(allocated, allocatedAgain);
        }

        Slowest = time > Slowest ? time : Slowest;
        MostAllocated = Math.Max(allocated, MostAllocated);
        if (time > MostTime)
        {
            return ("time", $"took {time.TotalMilliseconds} ms");
        }

        return allocated > mostAllocated ? ("allocation", $"allocated {allocated} octets") : null;
    }

    private (TimeSpan Time, long Allocated) Run(byte[] input)
    {
        var started = ThreadClock.Now;
        var before = GC.GetAllocatedBytesForCurrentThread();
        var reading = target.Read(input);
        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        var time = ThreadClock.Now - started;
        reading.Check();
        Accepted += reading.IsAccepted ? 1 : 0;
        return (time, allocated);
    }
}
