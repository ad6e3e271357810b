using System.CommandLine;
using System.Data.Common;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Queue;
using Relay.Queue.Recovery;
using Relay.Queue.Storage;

namespace Relay.Commands;

/// <summary><c>relay queue recover</c>: recovers a damaged queue while no relay runs on it.</summary>
internal static class QueueRecoverCommand
{
    private const int MostIds = 20;

    public static Command Create()
    {
        var command = new Command(
            "recover", "Recovers a damaged queue into a fresh store; stop the relay first. The damaged file is kept");
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        await using var application = RelayAccess.Build(parsed);
        if (application is null)
        {
            return RelayCommandLine.WrongUsage;
        }

        var path = application.Services.GetRequiredService<IOptions<RelayOptions>>().Value.DataDirectory;
        if (!Directory.Exists(path))
        {
            return RelayCommandLine.Report([$"There is no data directory {Path.GetFullPath(path)}"]);
        }

        try
        {
            using var directory = QueueDirectory.Open(path);
            var now = application.Services.GetRequiredService<TimeProvider>().GetUtcNow();
            directory.MarkMade();
            var report = new QueueRecovery(directory.QueueFile, now).Run(cancellationToken);
            Print(report);
            return RelayCommandLine.Done;
        }
        catch (Exception fault) when (fault is IOException or DbException or UnauthorizedAccessException)
        {
            return RelayCommandLine.Report([$"Nothing was changed: {fault.Message}"]);
        }
    }

    private static void Print(QueueRecoveryReport report)
    {
        Console.WriteLine($"Recovered {report.Messages} messages with {report.Recipients} recipients; the relay can be started.");
        if (report.WasDoneBefore)
        {
            Console.WriteLine("An earlier run had recovered them and was cut short at its end. What it held: relay queue list --state held");
        }

        if (report.IsLogDoubtful)
        {
            Console.WriteLine("The write-ahead log (-wal) does not begin as one; what it holds was taken as far as it goes on from its first page.");
        }

        Print(report.Incomplete, "lack a part of their content; they are held, and cannot be delivered: relay queue show, then drop");
        Print(report.WithoutContent, "have lost their content; their recipients are held: relay queue show, then drop");
        Print(report.WithoutRecipients, $"have lost their recipients; they lie in {report.DamagedFile}.lost");
        if (report.Uncertain > 0)
        {
            Console.WriteLine(
                $"{report.Uncertain} recipients may have been delivered before the damage; they are held: relay queue release or drop");
        }

        Console.WriteLine($"The damaged file is kept as {report.DamagedFile}.");
    }

    private static void Print(IReadOnlyList<QueueId> ids, string what)
    {
        if (ids.Count > 0)
        {
            var more = ids.Count > MostIds ? $" and {ids.Count - MostIds} more" : string.Empty;
            Console.WriteLine($"{ids.Count} messages {what}: {string.Join(' ', ids.Take(MostIds))}{more}");
        }
    }
}
