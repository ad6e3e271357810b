using System.Data.Common;
using Microsoft.Extensions.Logging;
using Relay.Queue.Operations;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Bounces;

/// <summary>
/// Keeps failed messages of which nobody can be told for operators, within limits: anybody who may send can make them
/// (<c>MAIL FROM:&lt;&gt;</c>), and without limits they would fill the disk.
/// </summary>
internal sealed class UndeliverableMail(QueueStore store, FailedMailOptions limits, TimeProvider clock, ILogger logger) : IDisposable
{
    // What is left of a message that has lost its content is not longer.
    private const int StrippedOctets = 2 * ReturnedContent.MaxBriefOctets;

    private static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _closing = new();
    private Task _sweeping = Task.CompletedTask;
    private ITimer? _timer;
    private bool _isTimed;
    private bool _isWanted;
    private bool _isRunning;
    private long _messages;
    private long _octets;

    /// <summary>Looks through what there is. Returns at once.</summary>
    public void Start() => Sweep();

    /// <summary>A message failed that is kept; makes room for it if there is too much by now, or what is too old. Returns at once.</summary>
    public void Add(long octets)
    {
        var (messages, all) = (Interlocked.Increment(ref _messages), Interlocked.Add(ref _octets, octets));
        if (messages > limits.MaxMessages || all > limits.MaxOctets)
        {
            Sweep();
        }
        else
        {
            LookAgain();
        }
    }

    /// <summary>Waits for what is under way.</summary>
    public async Task StopAsync()
    {
        await _closing.CancelAsync();
        Task sweeping;
        lock (_gate)
        {
            sweeping = _sweeping;
        }

        await sweeping;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _timer?.Dispose();
        _closing.Dispose();
    }

    private void Sweep()
    {
        lock (_gate)
        {
            // A look under way may have begun before what was just added: another follows it.
            _isWanted = true;
            if (!_isRunning && !_closing.IsCancellationRequested)
            {
                _isRunning = true;
                _sweeping = Task.Run(SweepAsync, CancellationToken.None);
            }
        }
    }

    private void OnTimer()
    {
        lock (_gate)
        {
            _isTimed = false;
        }

        Sweep();
    }

    private bool TakeWish()
    {
        lock (_gate)
        {
            _isRunning = _isWanted && !_closing.IsCancellationRequested;
            _isWanted = false;
            return _isRunning;
        }
    }

    private async Task SweepAsync()
    {
        while (TakeWish())
        {
            await SweepOnceAsync();
            LookAgain();
        }
    }

    // While something is kept it grows old, also where nothing else fails.
    private void LookAgain()
    {
        lock (_gate)
        {
            if (_isTimed || Interlocked.Read(ref _messages) == 0 || _closing.IsCancellationRequested)
            {
                return;
            }

            _isTimed = true;
            _timer ??= clock.CreateTimer(
                static self => ((UndeliverableMail)self!).OnTimer(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(Interval, Timeout.InfiniteTimeSpan);
        }
    }

    private async Task SweepOnceAsync()
    {
        try
        {
            var kept = await store.BrowseAsync(QueueListing.FindUndeliverable, _closing.Token);
            kept = await RemoveAsync(kept);
            kept = await StripAsync(kept);
            Interlocked.Exchange(ref _messages, kept.Count);
            Interlocked.Exchange(ref _octets, kept.Sum(message => message.Octets));
        }
        catch (OperationCanceledException) when (_closing.IsCancellationRequested)
        {
            // The next start goes on.
        }
        catch (Exception fault) when (fault is DbException or IOException)
        {
            QueueLog.OperationRefused(logger, fault.Message);
        }
    }

    // Somewhat more than must go, so that not each that comes from now on asks for another look.
    private static long Room(long limit, long there) => there > limit ? limit - (limit / 16) : limit;

    private async Task<IReadOnlyList<UndeliverableMessage>> RemoveAsync(IReadOnlyList<UndeliverableMessage> kept)
    {
        var oldest = clock.GetUtcNow() - limits.MaxAge;
        var tooOld = kept.TakeWhile(message => message.FailedAt < oldest).Count();
        var tooMany = (int)Math.Max(0, kept.Count - Room(limits.MaxMessages, kept.Count));
        var removed = Math.Max(tooOld, tooMany);
        for (var index = 0; index < removed; index++)
        {
            if (!await TryRemoveAsync(kept[index], index < tooOld ? "age" : "messages"))
            {
                return [.. kept.Skip(index)];
            }
        }

        return [.. kept.Skip(removed)];
    }

    // The oldest lose their content; where headers alone are too much, the oldest go.
    private async Task<IReadOnlyList<UndeliverableMessage>> StripAsync(IReadOnlyList<UndeliverableMessage> kept)
    {
        var octets = kept.Sum(message => message.Octets);
        var room = Room(limits.MaxOctets, octets);
        var left = new List<UndeliverableMessage>();
        foreach (var message in kept)
        {
            var isStripped = octets > room && message.Octets > StrippedOctets;
            var now = isStripped ? await StripAsync(message) : message;
            octets -= message.Octets - now.Octets;
            left.Add(now);
        }

        var removed = 0;
        while (octets > room && removed < left.Count && await TryRemoveAsync(left[removed], "octets"))
        {
            octets -= left[removed++].Octets;
        }

        return [.. left.Skip(removed)];
    }

    private async Task<bool> TryRemoveAsync(UndeliverableMessage message, string reason)
    {
        var removal = new ChangeMessage(message.Id, MessageChange.Drop, clock.GetUtcNow());
        if (await store.ChangeAsync(removal).WaitAsync(_closing.Token) != StoreFault.None)
        {
            return false;
        }

        QueueLog.FailedMailRemoved(logger, message.Id.ToString(), reason, message.Octets, "the message is gone");
        return true;
    }

    private async Task<UndeliverableMessage> StripAsync(UndeliverableMessage message)
    {
        if (await store.ReadFailedAsync(message.Id, _closing.Token) is not { } failed)
        {
            return message with { Octets = 0 };
        }

        using var content = new StoredContent(store, message.Id, failed.Message);
        var header = await ReturnedContent.ReadAsync(content, ReturnedPart.BriefHeader, _closing.Token);
        byte[] rest = [.. header.Octets.Span, .. "\r\n"u8];
        if (await store.ChangeAsync(new StripContent(message.Id, rest)).WaitAsync(_closing.Token) != StoreFault.None)
        {
            return message;
        }

        QueueLog.FailedMailRemoved(logger, message.Id.ToString(), "octets", message.Octets, "its content is gone, its header is kept");
        return message with { Octets = rest.Length };
    }
}
