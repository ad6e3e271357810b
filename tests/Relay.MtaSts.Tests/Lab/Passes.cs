using Relay.MtaSts.Cache;

namespace Relay.MtaSts.Tests.Lab;

internal static class Passes
{
    /// <summary>Refreshes what is due and waits for the end of it, then tidies.</summary>
    public static async Task PassAsync(this PolicyRefresher refresher, CancellationToken cancellationToken)
    {
        await await refresher.StartDueAsync(cancellationToken);
        await refresher.TidyAsync(cancellationToken);
    }
}
