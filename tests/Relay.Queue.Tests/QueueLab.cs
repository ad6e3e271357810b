using Microsoft.Data.Sqlite;
using Relay.Lab;
using Relay.Mail;
using Relay.Queue.Bounces;
using Relay.Queue.Delivering;
using Relay.Smtp;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Tests;

/// <summary>A queue over a real SQLite file in a directory of its own, with a manual clock and a fake pipeline.</summary>
internal sealed class QueueLab : IAsyncDisposable
{
    private readonly List<MailQueue> _queues = [];
    private readonly CancellationTokenSource _killed = new();

    public string Directory { get; init; } = System.IO.Directory.CreateTempSubdirectory("relay-queue-").FullName;

    public ManualClock Clock { get; } = new();

    public FakePipeline Pipeline { get; set; } = new();

    public QueueLogRecorder Log { get; } = new();

    public QueueOptions Options { get; set; } = new();

    public QueueSettings Settings => new(Directory, MaxConcurrency, MaxPerSite);

    public int MaxConcurrency { get; set; } = 100;

    public int MaxPerSite { get; set; } = 20;

    public int MaxPages { get; set; }

    /// <summary>Makes the connections to the file, when they are to misbehave.</summary>
    public Func<string, System.Data.Common.DbDataSource>? Source { get; set; }

    public Func<long>? DiskFree { get; set; }

    public IReportOutcomeListener? ReportOutcomes { get; set; }

    /// <summary>The clock by which notifications are dated; the lab's own when null.</summary>
    public TimeProvider? NotificationClock { get; set; }

    private static NotificationMessage Notifications { get; } = new(new NotificationIdentity("relay.example", new Mailbox("postmaster", "relay.example")));

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public MailQueue Make()
    {
        var queue = new MailQueue(
            Microsoft.Extensions.Options.Options.Create(Options), Settings, new DeliveryRunner(Pipeline, Pipeline, Log),
            new OutcomeRecorder(Options, new Notifier(Notifications, NotificationClock ?? Clock), Clock, Log) { ReportOutcomes = ReportOutcomes }, Log)
        {
            MaxPages = MaxPages,
            Source = Source?.Invoke(Path.Combine(Directory, "queue.db")),
            DiskFree = DiskFree,
        };
        _queues.Add(queue);
        return queue;
    }

    public async Task<MailQueue> StartAsync()
    {
        var queue = Make();
        await queue.StartAsync(Token);
        return queue;
    }

    /// <summary>A copy of the files as a kill would leave them, with a pipeline of its own.</summary>
    public QueueLab CopyAsKilled()
    {
        var copy = new QueueLab { Options = Options };
        foreach (var file in System.IO.Directory.GetFiles(Directory, "queue.db*"))
        {
            File.Copy(file, Path.Combine(copy.Directory, Path.GetFileName(file)));
        }

        copy.Clock.SetUtcNow(Clock.GetUtcNow());
        return copy;
    }

    public async Task<EnqueueResult> EnqueueAsync(MailQueue queue, MessageContent content, params string[] recipients)
    {
        var mail = new MailFrom(new ReversePath(new Mailbox("app", "corp.example"))) { EnvelopeId = "QQ314159" };
        var envelope = new QueuedEnvelope(
            queue.NextId(), mail, [.. recipients.Select(ToRecipient)], Clock.GetUtcNow());
        return await queue.EnqueueAsync(envelope, content, Token);
    }

    public Task<EnqueueResult> EnqueueAsync(MailQueue queue, params string[] recipients) =>
        EnqueueAsync(queue, new BytesContent("Subject: a\r\n\r\nb\r\n"u8.ToArray()), recipients);

    /// <summary>What a query finds, one line per row.</summary>
    public string Query(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Directory}/queue.db;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The tests' own constants.
        command.CommandText = sql;
#pragma warning restore CA2100
        using var row = command.ExecuteReader();
        var lines = new List<string>();
        while (row.Read())
        {
            lines.Add(string.Join('|', Enumerable.Range(0, row.FieldCount).Select(column => row.GetValue(column))));
        }

        return string.Join('\n', lines);
    }

    public async ValueTask DisposeAsync()
    {
        await _killed.CancelAsync();
        foreach (var queue in _queues)
        {
            await queue.StopAsync(_killed.Token);
        }

        _killed.Dispose();
        System.IO.Directory.Delete(Directory, recursive: true);
    }

    private static RcptTo ToRecipient(string address)
    {
        var at = address.LastIndexOf('@');
        return new RcptTo(new Mailbox(address[..at], address[(at + 1)..]));
    }
}
