using System.Globalization;
using FsCheck;
using FsCheck.Fluent;

namespace Relay.Fuzz.Tests.Fuzzing;

/// <summary>
/// Runs the cases of one target. A case's octets follow from the target's name and the case's number, so that every
/// finding can be had again. Broken is: an exception, a property that does not hold, a case over its time or its
/// allocation, and memory that grows with the cases.
/// </summary>
internal sealed class FuzzRun
{
    private const int MostFindings = 5;
    private const int MostFrames = 4;
    private const int MostSizes = 40;

    // One case in twenty has to get through, or the fuzzing stops at the door.
    private const int LeastAccepted = 20;
    private const long MostGrowth = 32 * 1024 * 1024;

    private static readonly Lock TotalsGate = new();

    private readonly FuzzTarget _target;
    private readonly ByteMutator _mutator;
    private readonly CaseMeter _meter;
    private readonly Dictionary<string, Finding> _findings = [];

    private FuzzRun(FuzzTarget target)
    {
        _target = target;
        _mutator = new ByteMutator(target.Seeds, target.Tokens, target.MaxLength);
        _meter = new CaseMeter(target);
    }

    /// <summary>Runs as many cases as the environment asks for; fails with every distinct finding.</summary>
    public static void Of(FuzzTarget target)
    {
        var run = new FuzzRun(target);
        foreach (var seed in target.Seeds.Concat(target.Extremes))
        {
            run.Try(-1, seed);
        }

        run.RunCases(FuzzSettings.First, FuzzSettings.Cases);
        if (run._findings.Count > 0)
        {
            Assert.Fail($"{target.Name}: {string.Join("\n", run._findings.Values)}");
        }
    }

    private void RunCases(long first, long count)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var started = TimeProvider.System.GetTimestamp();
        var warm = first + (count / 10);
        var before = 0L;
        for (var number = first; number < first + count && _findings.Count < MostFindings; number++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            before = number == warm ? GC.GetTotalMemory(forceFullCollection: true) : before;
            Try(number, Case(number));
        }

        // Other targets run beside this one; what a leak leaves behind in many cases is far above what they hold.
        var growth = GC.GetTotalMemory(forceFullCollection: true) - before;
        if (_findings.Count == 0 && growth > MostGrowth)
        {
            Add(new Finding(first + count, [], $"memory grew by {growth} octets"));
        }

        if (_meter.Accepted * LeastAccepted < count)
        {
            Add(new Finding(first + count, [], $"only {_meter.Accepted} of {count} cases got through the parser"), "accepted");
        }

        Report(count, TimeProvider.System.GetElapsedTime(started), growth);
    }

    private byte[] Case(long number)
    {
        var seed = unchecked(((ulong)(uint)Portions.Hash(Grammar.Utf8(_target.Name)) << 32) + (ulong)number);
        var random = new Random(seed.GetHashCode());
        return random.Next(4) switch
        {
            0 => Structure(seed, random),
            1 => _mutator.Mutate(Structure(seed, random), random),
            _ => _mutator.MutateSeed(random),
        };
    }

    private byte[] Structure(ulong seed, Random random)
    {
        var octets = _target.Structures.Sample(1, new Rnd(seed), random.Next(MostSizes))[0];
        return octets.Length > _target.MaxLength ? octets[.._target.MaxLength] : octets;
    }

    private void Try(long number, byte[] input)
    {
        if (FaultOf(input) is { } fault && !_findings.ContainsKey(fault.Kind))
        {
            var shortest = Minimiser.Shorten(input, candidate => FaultOf(candidate)?.Kind == fault.Kind);
            Add(new Finding(number, shortest, FaultOf(shortest)?.Text ?? fault.Text), fault.Kind);
        }
    }

    private void Add(Finding finding, string kind = "") => _findings[kind] = finding;

    private (string Kind, string Text)? FaultOf(byte[] input)
    {
        try
        {
            return _meter.Measure(input) is { } excess ? (excess.Kind, excess.Text) : null;
        }
        catch (Exception fault)
        {
            // The place in the code tells findings apart.
            var place = (fault.StackTrace ?? string.Empty).Split('\n').Select(line => line.Trim())
                .Where(line => line.StartsWith("at Relay.", StringComparison.Ordinal)).Take(MostFrames).ToList();
            return (fault.GetType().Name + place.FirstOrDefault(), $"{fault.GetType().Name}: {fault.Message}\n  {string.Join("\n  ", place)}");
        }
    }

    private void Report(long count, TimeSpan elapsed, long growth)
    {
        var line = string.Create(
            CultureInfo.InvariantCulture,
            $"{_target.Name}\t{count} cases\t{elapsed.TotalSeconds:F1} s\t{_meter.Accepted * 100 / Math.Max(1, count)} % accepted\tslowest {_meter.Slowest.TotalMilliseconds:F1} ms\tmost allocated {_meter.MostAllocated / 1024} KiB\tmemory {growth / 1024:+0;-0} KiB\t{_findings.Count} findings");
        TestContext.Current.TestOutputHelper?.WriteLine(line);
        if (FuzzSettings.TotalsFile is { } file)
        {
            lock (TotalsGate)
            {
                File.AppendAllText(file, line + "\n");
            }
        }
    }
}
