using System.Net;

namespace Relay.Lab.Load;

/// <summary>The clients of a load.</summary>
internal static class LoadGenerator
{
    /// <summary>Submits every message of the plan once.</summary>
    /// <param name="plan">How many, and over how many sessions.</param>
    /// <param name="corpus">The messages.</param>
    /// <param name="ledger">Where the answers are noted.</param>
    /// <param name="whenUp">Gives the relay's address as soon as it takes connections; asked again after a connection
    /// broke.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task RunAsync(
        LoadPlan plan,
        LoadCorpus corpus,
        LoadLedger ledger,
        Func<Task<IPEndPoint>> whenUp,
        CancellationToken cancellationToken)
    {
        return Task.WhenAll(Enumerable.Range(0, plan.Sessions).Select(_ => RunClientAsync()));

        async Task RunClientAsync()
        {
            while (ledger.HasMore)
            {
                using var session = new LoadSession(plan, corpus, ledger);
                await session.RunAsync(await whenUp().WaitAsync(cancellationToken), cancellationToken);
            }
        }
    }
}
