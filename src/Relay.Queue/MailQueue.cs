using System.Data.Common;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Queue.Delivering;
using Relay.Queue.Operations;
using Relay.Queue.Scheduling;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Sqlite;
using Relay.Smtp;

namespace Relay.Queue;

/// <summary>
/// The queue. What it took is on stable storage before anybody hears so, and stays there until every recipient is delivered
/// or its sender told. A fresh message goes to delivery straight from memory: its life costs one insert and one delete.
/// </summary>
public sealed class MailQueue : IMailQueue, IDiskRoom, IHostedService, IDisposable
{
    private readonly QueueOptions _options;
    private readonly QueueSettings _settings;
    private readonly DeliveryRunner _runner;
    private readonly OutcomeRecorder _recorder;
    private readonly ILogger<MailQueue> _logger;
    private readonly MemoryBudget _budget;
    private readonly QueueSpace _space;
    private readonly EntryLimit _limit;
    private readonly ReserveFile _reserve;
    private QueueDirectory? _directory;
    private QueueStore? _store;
    private Dispatcher? _dispatcher;

    /// <summary>Makes a queue that is not started.</summary>
    internal MailQueue(
        IOptions<QueueOptions> options, QueueSettings settings, DeliveryRunner runner, OutcomeRecorder recorder, ILogger<MailQueue> logger)
    {
        _options = options.Value;
        _settings = settings;
        (_runner, _recorder) = (runner, recorder);
        _logger = logger;
        _budget = new MemoryBudget(_options.MemoryOctets);
        _limit = new EntryLimit(_options.MaxEntries, logger);
        _space = new QueueSpace(ReadDisk, _options.MinFreeOctets, logger);
        _reserve = new ReserveFile(_settings.DataDirectory, ReadDisk, _options.MinFreeOctets);
    }

    /// <summary>What operators see of the queue and do to it; null while it is not started.</summary>
    public QueueControl? Control { get; private set; }

    /// <summary>The most pages the database may have; 0 for no limit. A full disk, for tests.</summary>
    internal int MaxPages { get; init; }

    /// <summary>Gives the connections in place of the file's own; a failing store, for tests.</summary>
    internal DbDataSource? Source { get; init; }

    /// <summary>How many octets the disk has free, in place of what it says; for tests.</summary>
    internal Func<long>? DiskFree { get; init; }

    /// <inheritdoc/>
    public QueueId NextId() => (_store ?? throw new InvalidOperationException("The queue is not started")).NextId();

    /// <inheritdoc/>
    bool IDiskRoom.TryTake(long octets) => _space.TryTakeBeside(octets);

    /// <inheritdoc/>
    void IDiskRoom.Release(long octets) => _space.Release(octets);

    /// <summary>
    /// Opens the store, takes up what is queued and begins to deliver. Throws <see cref="IOException"/> when another process
    /// has the data directory or the store cannot be used.
    /// </summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _directory = QueueDirectory.Open(_settings.DataDirectory);
        _store = OpenStore(_directory);
        _reserve.Make();
        var schedule = new RetrySchedule(_options.RetrySchedule);
        var scheduler = new Scheduler(_settings, schedule, _recorder.Clock, () => _dispatcher?.Wake()) { WarningLead = _recorder.WarningLead };
        var notices = new SenderNotices(_store, _space, _recorder, scheduler, _logger);
        _dispatcher = new Dispatcher(_store, scheduler, _runner, _recorder, notices);
        try
        {
            await LoadAsync(_store, _dispatcher.Scheduler, schedule, cancellationToken);
        }
        catch (DbException error) when (SqlDialect.Classify(error) == StoreFault.Damaged)
        {
            throw new IOException(QueueDamage.Of(_directory.QueueFile, error.Message), error);
        }

        Control = new QueueControl(_store, _dispatcher, _recorder, _options, _logger) { Reserve = _reserve };
        _dispatcher.Start();
    }

    /// <inheritdoc/>
    public async ValueTask<EnqueueResult> EnqueueAsync(
        QueuedEnvelope envelope, MessageContent content, CancellationToken cancellationToken)
    {
        var storing = StoreAsync(envelope, content, cancellationToken);
        return await storing.WaitAsync(cancellationToken);
    }

    /// <summary>
    /// Starts no more attempts, waits for those under way until the token fires, writes what they came to and closes.
    /// </summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_dispatcher is not null)
        {
            await _dispatcher.StopAsync(cancellationToken);
        }

        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Control?.Dispose();
        Control = null;
        _dispatcher?.Dispose();
        _store?.Dispose();
        _directory?.Dispose();
        _dispatcher = null;
        _store = null;
        _directory = null;
    }

    private QueueStore OpenStore(QueueDirectory directory)
    {
        var file = directory.QueueFile;
        try
        {
            var source = Source ?? new SqliteDataSource(file, MaxPages);
            if (QueueIntegrity.FindFault(file, directory.WasMade) is { } fileFault)
            {
                throw new IOException(QueueDamage.Of(file, fileFault));
            }

            if (QueueIntegrity.FindFault(source, new FileInfo(file).Length) is { } fault)
            {
                throw new IOException(QueueDamage.Of(file, fault));
            }

            var store = new QueueStore(source, _recorder.Clock, _logger);
            directory.MarkMade();
            return store;
        }
        catch (DbException error) when (SqlDialect.Classify(error) != StoreFault.Damaged && _reserve.TryGiveUp())
        {
            return OpenStore(directory);
        }
        catch (DbException error) when (SqlDialect.Classify(error) == StoreFault.Damaged)
        {
            throw new IOException(QueueDamage.Of(file, error.Message), error);
        }
        catch (Exception fault) when (fault is DbException or InvalidOperationException)
        {
            // Never set aside on its own account: it may hold mail that was answered for.
            throw new IOException($"The queue store {Path.GetFullPath(file)} cannot be used: {fault.Message}", fault);
        }
    }

    // Not bound to the caller's wait: once the message is committed, it is delivered, whoever still listens.
    private async Task<EnqueueResult> StoreAsync(
        QueuedEnvelope envelope, MessageContent content, CancellationToken cancellationToken)
    {
        var (isHeld, hasRoom, octets) = (false, false, content.Octets);
        try
        {
            if (_store is not { } store || _dispatcher is not { } dispatcher)
            {
                return EnqueueResult.StoreUnavailable;
            }

            if (!_limit.Allows(dispatcher.Scheduler.Entries))
            {
                return EnqueueResult.Full;
            }

            var destinations = envelope.Recipients.Select(to => to.Mailbox.MailDomain.Key).ToArray();
            hasRoom = await _space.TryTakeAsync(store, octets, cancellationToken);
            var fault = hasRoom
                ? await store.InsertAsync(envelope, destinations, content, cancellationToken)
                : StoreFault.Full;
            if (fault != StoreFault.None)
            {
                return fault switch
                {
                    StoreFault.Full => EnqueueResult.Full,
                    StoreFault.Repeated => EnqueueResult.StoredBefore,
                    _ => EnqueueResult.StoreUnavailable,
                };
            }

            isHeld = HandOver(dispatcher, new InMemoryMessage(envelope, content, destinations, _budget), destinations);
            return EnqueueResult.Stored;
        }
        finally
        {
            if (hasRoom)
            {
                _space.Release(octets);
            }

            if (!isHeld)
            {
                content.Dispose();
            }
        }
    }

    private long ReadDisk() => DiskFree?.Invoke() ?? new DriveInfo(_settings.DataDirectory).AvailableFreeSpace;

    private bool HandOver(Dispatcher dispatcher, InMemoryMessage message, string[] destinations)
    {
        var isHeld = _budget.TryTake(message.Content.Octets);
        var isReport = message.Envelope.ReportKey is not null;
        var isNullPath = message.Envelope.Mail.ReversePath.IsNull;
        var lifetime = _options.LifetimeOf(isReport, isNullPath);
        var expiry = _recorder.Clock.GetTimestamp() + dispatcher.Scheduler.ToTimestamps(lifetime);
        var distinct = destinations.Length == 1 ? destinations : [.. destinations.Distinct(StringComparer.Ordinal)];
        if (isHeld)
        {
            // All at once, before the first entry can be done with the message.
            message.Hold(distinct.Length);
        }

        foreach (var destination in distinct)
        {
            dispatcher.Scheduler.AddNew(message.Envelope.Id, destination, expiry, isHeld ? message : null, isNeverWarned: isReport || isNullPath);
        }

        dispatcher.Wake();
        return isHeld;
    }

    // Times in the store are the wall clock's, which may have stepped since: none is believed to lie further ahead than it
    // can. An attempt that was under way when the relay died is due at once, for its time has passed.
    private async Task LoadAsync(
        QueueStore store, Scheduler scheduler, RetrySchedule schedule, CancellationToken cancellationToken)
    {
        var wallNow = _recorder.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        var now = _recorder.Clock.GetTimestamp();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var last = default(IndexRow);
        var entries = 0;
        List<IndexRow> page;
        do
        {
            page = await store.ReadIndexAsync(last.MessageId, last.Seq, cancellationToken);
            foreach (var row in page)
            {
                if (row.MessageId != last.MessageId)
                {
                    seen.Clear();
                }

                last = row;
                if (seen.Add(row.Destination))
                {
                    var lifetime = _options.LifetimeOf(row.IsReport, row.IsNullPath);
                    var left = Clamp(row.ReceivedAt + lifetime.TotalMilliseconds - wallNow, lifetime);
                    var wait = Clamp(row.NextAttempt - (double)wallNow, schedule.Longest < left ? schedule.Longest : left);
                    var times = new EntrySchedule(now + scheduler.ToTimestamps(left), row.Attempts, wait)
                    {
                        IsWarned = row.IsWarned || row.IsReport || row.IsNullPath,
                    };
                    scheduler.Add(new QueueId(row.MessageId), row.Destination, times);
                    entries++;
                }
            }
        }
        while (page.Count == StoreReader.IndexPage);

        QueueLog.QueueLoaded(_logger, entries, scheduler.Destinations);
    }

    private static TimeSpan Clamp(double milliseconds, TimeSpan most) =>
        TimeSpan.FromMilliseconds(Math.Clamp(milliseconds, 0, most.TotalMilliseconds));
}
