using Microsoft.Extensions.Logging;

namespace Relay.Queue.Scheduling;

/// <summary>Bounds what the queue takes of memory: new mail is refused while there are as many entries as there may be.</summary>
/// <param name="most">How many that is.</param>
/// <param name="logger">Hears when it begins and when it ends.</param>
internal sealed class EntryLimit(int most, ILogger logger)
{
    // So that it does not end with each delivery and begin with each message.
    private const int Slack = 20;

    private readonly Lock _gate = new();
    private bool _isFull;

    /// <summary>A new message may be taken.</summary>
    /// <param name="entries">How many entries there are.</param>
    public bool Allows(int entries)
    {
        lock (_gate)
        {
            if (!_isFull && entries >= most)
            {
                _isFull = true;
                QueueLog.QueueFull(logger, entries, most, "no new mail is taken until there are fewer");
            }
            else if (_isFull && entries < most - (most / Slack))
            {
                _isFull = false;
                QueueLog.QueueOk(logger, entries, most);
            }

            return !_isFull;
        }
    }
}
