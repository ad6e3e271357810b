using System.Net;

namespace Relay.LoadTest.Load;

/// <summary>The clients of a load.</summary>
internal static class LoadGenerator
{
    /// <summary>Submits all that the source gives; ends when every client found that there are no more.</summary>
    /// <param name="sessions">How many clients, each on a connection of its own.</param>
    /// <param name="source">The messages, and who hears the answers.</param>
    /// <param name="whenUp">Gives the relay's address as soon as it takes connections; asked again after a connection
    /// broke.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task RunAsync(
        int sessions, ILoadSource source, Func<Task<IPEndPoint>> whenUp, CancellationToken cancellationToken)
    {
        return Task.WhenAll(Enumerable.Range(0, sessions).Select(_ => RunClientAsync()));

        async Task RunClientAsync()
        {
            while (source.HasMore)
            {
                using var session = new LoadSession(source);
                await session.RunAsync(await whenUp().WaitAsync(cancellationToken), cancellationToken);
            }
        }
    }
}
