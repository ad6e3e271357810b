using Relay.Reception;

namespace Relay.Submission;

/// <summary>Does work for clients, so much of it at a time, and lets a few wait for it, fewer of one network: no long queue.</summary>
/// <param name="atOnce">Works done at the same time.</param>
/// <param name="places">How many may wait.</param>
/// <param name="placesOfANetwork">How many of them may be of one network.</param>
internal sealed class BoundedWork(int atOnce, int places, int placesOfANetwork) : IDisposable
{
    private readonly SemaphoreSlim _work = new(atOnce);
    private readonly Lock _lock = new();
    private readonly AddressCounts _ofNetwork = new();
    private int _waiting;

    /// <summary>What the work gives; null when there was no place to wait for it.</summary>
    public async ValueTask<bool?> DoAsync(AddressBlock network, Func<bool> work, CancellationToken cancellationToken)
    {
        if (!TryWait(network))
        {
            return null;
        }

        try
        {
            await _work.WaitAsync(cancellationToken);
        }
        finally
        {
            WaitIsOver(network);
        }

        try
        {
            return await Task.Run(work, CancellationToken.None);
        }
        finally
        {
            _work.Release();
        }
    }

    public void Dispose() => _work.Dispose();

    private bool TryWait(AddressBlock network)
    {
        lock (_lock)
        {
            if (_waiting >= places || _ofNetwork.Of(network) >= placesOfANetwork)
            {
                return false;
            }

            _waiting++;
            _ofNetwork.Add(network);
            return true;
        }
    }

    private void WaitIsOver(AddressBlock network)
    {
        lock (_lock)
        {
            _waiting--;
            _ofNetwork.Remove(network);
        }
    }
}
