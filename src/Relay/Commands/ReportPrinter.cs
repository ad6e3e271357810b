using System.Globalization;
using System.Text.Json;
using Relay.Admin;
using Spectre.Console;

namespace Relay.Commands;

/// <summary>Shows reports to people, or as JSON.</summary>
internal static class ReportPrinter
{
    public static int Print(IReadOnlyList<TlsReportEntryView> entries, bool json)
    {
        if (json)
        {
            StsPrinter.PrintJson(entries);
        }
        else
        {
            PrintTable(entries);
        }

        if (entries.Count == ReportEndpoints.MaxEntries)
        {
            Console.Error.WriteLine($"Only the newest {ReportEndpoints.MaxEntries} are shown; choose with --day and --domain.");
        }

        return RelayCommandLine.Done;
    }

    public static int Print(TlsReportView report, bool json)
    {
        Console.Write(json ? PlainText.OfJson(Indented(report.Report)) + "\n" : WordsOf(report));
        return RelayCommandLine.Done;
    }

    /// <summary>Prints one report after the other, as JSON in an array; false when there was none.</summary>
    public static async Task<bool> PrintAsync(
        IAsyncEnumerable<TlsReportView> reports, bool json, CancellationToken cancellationToken)
    {
        var any = false;
        await foreach (var report in reports.WithCancellation(cancellationToken))
        {
            if (json)
            {
                Console.Write((any ? ",\n" : "[\n") + PlainText.OfJson(Indented(report.Report)));
            }
            else
            {
                Console.Write((any ? "\n" : string.Empty) + WordsOf(report));
            }

            any = true;
        }

        if (json)
        {
            Console.WriteLine(any ? "\n]" : "[]");
        }

        return any;
    }

    private static void PrintTable(IReadOnlyList<TlsReportEntryView> entries)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("Day", "Domain", "Ok", "Failed", "Rua", "State", "Id");
        foreach (var entry in entries)
        {
            table.AddRow(
                string.Create(CultureInfo.InvariantCulture, $"{entry.Day:yyyy-MM-dd}"),
                Markup.Escape(entry.Domain),
                string.Create(CultureInfo.InvariantCulture, $"{entry.SessionsOk}"),
                string.Create(CultureInfo.InvariantCulture, $"{entry.SessionsFailed}"),
                Markup.Escape(PlainText.Of(entry.Rua ?? string.Empty)),
                Markup.Escape(PlainText.Of(StateOf(entry))),
                Markup.Escape(entry.ReportId));
        }

        OutputConsole.Open().Write(table);
    }

    private static string StateOf(TlsReportEntryView entry)
    {
        var next = entry.Next is { } time
            ? string.Create(CultureInfo.InvariantCulture, $", next {time.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}")
            : string.Empty;
        return entry.State + next + (entry.Detail is { } detail ? $": {detail}" : string.Empty);
    }

    private static string WordsOf(TlsReportView report) =>
        string.Concat(report.Summary.TrimEnd('\n').Split('\n').Select(line => PlainText.Of(line) + "\n"));

    private static string Indented(string json) => JsonSerializer.Serialize(JsonSerializer.Deserialize<JsonElement>(json), AdminJson.Options);
}
