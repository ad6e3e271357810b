using Microsoft.Extensions.Logging;
using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage;

/// <summary>
/// What is known of the store's health, and what the log hears of it: once when it fails, once when it is well again.
/// </summary>
internal sealed class StoreHealth(ILogger logger)
{
    private readonly Lock _gate = new();
    private bool _isCommitting;
    private bool _isStalled;
    private bool _isDamaged;
    private StoreFault _fault;

    /// <summary>
    /// An operation that need not succeed may be tried. Of a store that fails one at a time finds out whether it still does; of one
    /// that does not answer at all, or is damaged, none: what a damaged store takes it may not give back.
    /// </summary>
    public bool MayTry(bool isAnotherWaiting)
    {
        lock (_gate)
        {
            return !_isStalled && !_isDamaged && !(_fault == StoreFault.Unavailable && isAnotherWaiting);
        }
    }

    /// <summary>A commit begins; it ends with <see cref="Succeeded"/> or <see cref="Failed"/>.</summary>
    public void Begins()
    {
        lock (_gate)
        {
            _isCommitting = true;
        }
    }

    /// <summary>Something was committed.</summary>
    public void Succeeded()
    {
        lock (_gate)
        {
            Ends();
            if (_fault != StoreFault.None)
            {
                _fault = StoreFault.None;
                QueueLog.StoreRecovered(logger);
            }
        }
    }

    /// <summary>A commit failed. Gives the fault back.</summary>
    public StoreFault Failed(StoreFault fault, Exception error)
    {
        lock (_gate)
        {
            Ends();
            switch (fault)
            {
                case StoreFault.Operation:
                    QueueLog.OperationRefused(logger, error.Message);
                    break;

                case StoreFault.Damaged:
                    Damaged(error);
                    break;

                case var _ when _fault == StoreFault.None:
                    _fault = fault;
                    QueueLog.StoreFailed(logger, fault == StoreFault.Full ? "disk-full" : "store-error", error.Message);
                    break;

                default:
                    _fault = fault;
                    break;
            }
        }

        return fault;
    }

    /// <summary>A read or a write met damage. Nothing new is taken from here on; what is there is delivered as far as it goes.</summary>
    public void Damaged(Exception error)
    {
        lock (_gate)
        {
            if (!_isDamaged)
            {
                _isDamaged = true;
                QueueLog.StoreDamaged(logger, error.Message, QueueDamage.Remedy);
            }
        }
    }

    /// <summary>
    /// A commit has taken longer than anybody can wait; nothing is known of it before it ends. One that has ended meanwhile tells
    /// itself how the store is.
    /// </summary>
    public void Stalled(TimeSpan limit)
    {
        lock (_gate)
        {
            if (_isCommitting && !_isStalled)
            {
                _isStalled = true;
                _fault = StoreFault.Unavailable;
                QueueLog.StoreFailed(logger, "store-slow", $"A commit has not ended for {limit.TotalSeconds:0} s");
            }
        }
    }

    private void Ends()
    {
        _isCommitting = false;
        _isStalled = false;
    }
}
