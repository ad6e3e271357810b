using System.Globalization;
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
    private bool _isInDoubt;
    private bool _isLogTooLong;
    private bool _isRoomShort;
    private string? _damage;
    private string? _checkpointFault;
    private StoreFault _fault;

    /// <summary>
    /// What lies in the log may not be on the disk though its fsync succeeds, so nothing is written and nothing promised before the log has been
    /// recovered from its beginning and brought into the database file. After a failed commit, for Linux takes pages that it could not write
    /// for clean; and after a failed checkpoint in some cases.
    /// </summary>
    public bool IsInDoubt
    {
        get
        {
            lock (_gate)
            {
                return _isInDoubt;
            }
        }
    }

    /// <summary>The log does not go into the database file, or is in doubt: somebody has to try again.</summary>
    public bool NeedsRenewal
    {
        get
        {
            lock (_gate)
            {
                return _isInDoubt || _checkpointFault is not null;
            }
        }
    }

    /// <summary>
    /// New mail is refused for want of room on the disk. What the log occupies is room too: with the mail it held delivered, nothing else
    /// would ever shorten it.
    /// </summary>
    public bool IsRoomShort
    {
        get => Volatile.Read(ref _isRoomShort);
        set => Volatile.Write(ref _isRoomShort, value);
    }

    /// <summary>What is wrong, for operators; null when nothing is known to be.</summary>
    public string? Trouble
    {
        get
        {
            lock (_gate)
            {
                return this switch
                {
                    { _damage: { } damage } => $"damaged, no new mail is taken: {damage}",
                    { _isStalled: true } => "a commit does not end, no new mail is taken",
                    { _isInDoubt: true } => "not known to be on the disk, nothing is written before a checkpoint succeeds",
                    { _fault: not StoreFault.None } => "cannot be written",
                    { _checkpointFault: { } fault } => $"checkpoints fail{(_isLogTooLong ? ", no new mail is taken" : string.Empty)}: {fault}",
                    _ => null,
                };
            }
        }
    }

    /// <summary>
    /// An operation that need not succeed may be tried. Of a store that fails one at a time finds out whether it still does; of one
    /// that does not answer at all, or is damaged, none: what a damaged store takes it may not give back. Nor of one whose log
    /// has grown too long, until that is in the database file.
    /// </summary>
    public bool MayTry(bool isAnotherWaiting)
    {
        lock (_gate)
        {
            return !_isStalled && _damage is null && !_isInDoubt && !_isLogTooLong && !(_fault == StoreFault.Unavailable && isAnotherWaiting);
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
            Recovers();
        }
    }

    /// <summary>A commit failed. Gives the fault back.</summary>
    public StoreFault Failed(StoreFault fault, Exception error)
    {
        lock (_gate)
        {
            Ends();
            _isInDoubt |= fault == StoreFault.Unknown;
            if (fault == StoreFault.Operation)
            {
                QueueLog.OperationRefused(logger, error.Message);
                return fault;
            }

            if (_fault == StoreFault.None)
            {
                QueueLog.StoreFailed(logger, fault == StoreFault.Full ? "disk-full" : "store-error", error.Message);
            }

            _fault = fault;
        }

        return fault;
    }

    /// <summary>The log could not be brought into the database file.</summary>
    /// <param name="reason">Why, in a word.</param>
    /// <param name="text">Why.</param>
    /// <param name="log">Its length, and that it is too long for more mail.</param>
    /// <param name="isInDoubt">See <see cref="IsInDoubt"/>.</param>
    public void CheckpointFailed(string reason, string text, (long Octets, bool IsTooLong) log, bool isInDoubt)
    {
        lock (_gate)
        {
            // Said again when it has come to refusing mail.
            if (_checkpointFault is null || (log.IsTooLong && !_isLogTooLong))
            {
                QueueLog.CheckpointFailed(logger, reason, log.Octets, text);
            }

            _checkpointFault = string.Create(CultureInfo.InvariantCulture, $"{text}; the log has {log.Octets} octets");
            _isLogTooLong |= log.IsTooLong;
            _isInDoubt |= isInDoubt;
        }
    }

    /// <summary>All of the log is in the database file, and on the disk.</summary>
    public void Checkpointed()
    {
        lock (_gate)
        {
            if (_checkpointFault is not null)
            {
                _checkpointFault = null;
                _isLogTooLong = false;
                QueueLog.CheckpointRecovered(logger);
            }
        }
    }

    /// <summary>What was committed is in the database file, on the disk, and the log has taken a commit since.</summary>
    public void Renewed()
    {
        lock (_gate)
        {
            _isInDoubt = false;
            Recovers();
        }
    }

    /// <summary>The store was looked through.</summary>
    /// <param name="fault">
    /// What is damaged; nothing new is taken from here on, and what is there is delivered as far as it goes. Null when all of it can be read.
    /// </param>
    public void Inspected(string? fault)
    {
        lock (_gate)
        {
            if (fault is not null && _damage is null)
            {
                QueueLog.StoreDamaged(logger, fault, QueueDamage.Remedy);
            }
            else if (fault is null && _damage is not null)
            {
                QueueLog.StoreRecovered(logger);
            }

            _damage = fault;
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

    // Not said while in doubt: who reads it may send mail at once.
    private void Recovers()
    {
        if (_fault != StoreFault.None && !_isInDoubt)
        {
            _fault = StoreFault.None;
            QueueLog.StoreRecovered(logger);
        }
    }
}
