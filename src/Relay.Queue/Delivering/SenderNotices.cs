using Microsoft.Extensions.Logging;
using Relay.Queue.Bounces;
using Relay.Queue.Scheduling;
using Relay.Queue.Storage;

namespace Relay.Queue.Delivering;

/// <summary>What senders are told, from the attempt that gives reason to it to the notification's own place in the queue.</summary>
internal sealed class SenderNotices : IDisposable
{
    private readonly OutcomeRecorder _recorder;
    private readonly Scheduler _scheduler;
    private readonly ILogger _logger;
    private readonly FailureNotices _failures;
    private readonly UndeliverableMail _undeliverable;
    private readonly DelayWarnings _warnings;

    /// <summary>Makes them; <see cref="Start"/> begins.</summary>
    public SenderNotices(QueueStore store, QueueSpace space, OutcomeRecorder recorder, Scheduler scheduler, ILogger logger)
    {
        _recorder = recorder;
        _scheduler = scheduler;
        _logger = logger;
        Writer = new NotificationWriter(store, space, recorder.Notifier, logger);
        _failures = new FailureNotices(store, Writer, Deliver, recorder.Clock, logger);
        _undeliverable = new UndeliverableMail(store, recorder.FailedMail, recorder.Clock, logger);
        _warnings = new DelayWarnings(store, Writer, recorder.Clock);
    }

    /// <summary>Prepares notifications.</summary>
    public NotificationWriter Writer { get; }

    /// <summary>Takes up what an earlier run left to be told. Returns at once.</summary>
    public void Start()
    {
        _failures.Start();
        _undeliverable.Start();
    }

    /// <summary>Begins nothing more and waits for what is under way.</summary>
    public Task StopAsync() => Task.WhenAll(_failures.StopAsync(), _undeliverable.StopAsync());

    /// <inheritdoc/>
    public void Dispose()
    {
        _failures.Dispose();
        _undeliverable.Dispose();
    }

    /// <summary>Warns of a delay; false when that has to be tried again.</summary>
    public async Task<bool> WarnAsync(WorkItem.Warning warning, CancellationToken cancellationToken)
    {
        var prepared = await _warnings.WriteAsync(warning.Entries, _scheduler.LastFailureAt, cancellationToken);
        Deliver(prepared ?? []);
        return prepared is not null;
    }

    /// <summary>Tells of what an attempt, whose settlement is committed, failed to do.</summary>
    public async Task TellAsync(QueuedAttempt queued, Settlement settlement, CancellationToken cancellationToken)
    {
        if (settlement.Failures.Count > 0)
        {
            await _failures.AddAsync(queued.Entry.Id, settlement.Failures, cancellationToken);
        }

        if (settlement.IsUndeliverable)
        {
            _undeliverable.Add(queued.Octets);
        }
    }

    /// <summary>Queues notifications that are committed.</summary>
    public void Deliver(IEnumerable<PreparedNotification> notifications)
    {
        foreach (var notification in notifications)
        {
            Deliver(notification);
        }
    }

    private void Deliver(PreparedNotification notification)
    {
        var notice = notification.Notice;
        QueueLog.NotificationQueued(
            _logger, notification.Id.ToString(), notice.About.ToString(), notice.Mail.ReversePath.ToString(),
            notice.Kind.ToString().ToLowerInvariant(), notice.Recipients.Count);
        var lifetime = _recorder.LifetimeOf(isReport: false, isNotification: true);
        var expiry = _recorder.Clock.GetTimestamp() + _scheduler.ToTimestamps(lifetime);
        _scheduler.AddNew(notification.Id, notification.Destination, expiry, message: null, isNeverWarned: true);
        _scheduler.Wake();
    }
}
