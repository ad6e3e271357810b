using System.Collections.Concurrent;
using System.Reflection;
using Xunit.v3;

namespace Relay.TestKit;

/// <summary>
/// Cancels a test that has run far longer than any should, so that one that hangs fails by its name and lets the others go on.
/// </summary>
[AttributeUsage(AttributeTargets.Assembly)]
internal sealed class TestTimeLimitAttribute : BeforeAfterTestAttribute
{
    // The longest take a minute, and five on a busy machine.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(10);

    private readonly ConcurrentDictionary<string, ITimer> _timers = new();

    /// <inheritdoc/>
    public override void Before(MethodInfo methodUnderTest, IXunitTest test) =>
        _timers[test.UniqueID] = TimeProvider.System.CreateTimer(
            static context => ((ITestContext)context!).CancelCurrentTest(), TestContext.Current, Limit, Timeout.InfiniteTimeSpan);

    /// <inheritdoc/>
    public override void After(MethodInfo methodUnderTest, IXunitTest test)
    {
        if (_timers.TryRemove(test.UniqueID, out var timer))
        {
            timer.Dispose();
        }
    }
}
