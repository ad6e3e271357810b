using System.CommandLine;
using System.Globalization;
using Relay.Admin;

namespace Relay.Commands;

/// <summary><c>relay report</c>: the TLS reports that the relay makes and sends (RFC 8460).</summary>
internal static class ReportCommand
{
    private static readonly Option<string?> Day = new("--day")
    {
        Description = "One day, UTC, as 2026-11-22",
        HelpName = "DAY",
    };

    private static readonly Option<string?> Domain = new("--domain") { Description = "One policy domain", HelpName = "DOMAIN" };

    public static Command Create() => new("report", "Looks at TLS reports and sends them")
    {
        List(),
        Show(),
        Preview(),
        Send(),
    };

    private static Command List()
    {
        var command = new Command("list", "Lists days and domains: sessions, where their reports go and what became of them")
        {
            Day, Domain, RelayCommandLine.Json,
        };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(parsed, client =>
            TryReadChoice(parsed, out var choice)
                ? ListAsync(client, choice, parsed.GetValue(RelayCommandLine.Json), cancellationToken)
                : Task.FromResult(RelayCommandLine.WrongUsage)));
        return command;
    }

    private static Command Show()
    {
        var id = new Argument<string>("ID") { Description = "A report's id, as listed" };
        var command = new Command("show", "Shows a report in words; with --json the report itself") { id, RelayCommandLine.Json };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(parsed, client =>
            ShowAsync(client, parsed.GetRequiredValue(id), parsed.GetValue(RelayCommandLine.Json), cancellationToken)));
        return command;
    }

    private static Command Preview()
    {
        var domain = new Argument<string?>("DOMAIN")
        {
            Description = "A policy domain; all of today's without one",
            Arity = ArgumentArity.ZeroOrOne,
            CustomParser = SettingTokens.Leave,
        };
        var command = new Command("preview", "Shows what today's reports would be if the day ended now") { domain, RelayCommandLine.Json };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(parsed, client =>
            TryReadName(parsed.GetValue(domain), out var name)
                ? PreviewAsync(client, name, parsed.GetValue(RelayCommandLine.Json), cancellationToken)
                : Task.FromResult(RelayCommandLine.WrongUsage)));
        return command;
    }

    private static Command Send()
    {
        var command = new Command("send", "Sends now what is not sent of ended days; with --day also what was given up") { Day, Domain };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(parsed, client =>
            TryReadChoice(parsed, out var choice)
                ? ReportSending.SendAsync(client, choice, cancellationToken)
                : Task.FromResult(RelayCommandLine.WrongUsage)));
        return command;
    }

    private static async Task<int> ListAsync(AdminClient client, string choice, bool json, CancellationToken cancellationToken) =>
        await client.SendAsync<List<TlsReportEntryView>>(HttpMethod.Get, $"reports{choice}", cancellationToken)
            is AdminAnswer<List<TlsReportEntryView>>.Found { Value: var entries }
            ? ReportPrinter.Print(entries, json)
            : RelayCommandLine.NoRelay;

    private static async Task<int> ShowAsync(AdminClient client, string id, bool json, CancellationToken cancellationToken) =>
        await client.SendAsync<TlsReportView>(HttpMethod.Get, $"reports/{Uri.EscapeDataString(id)}", cancellationToken) switch
        {
            AdminAnswer<TlsReportView>.Found { Value: var report } => ReportPrinter.Print(report, json),
            AdminAnswer<TlsReportView>.NotFound => Nothing($"There is no report {PlainText.Of(id)}; relay report list shows their ids."),
            _ => RelayCommandLine.NoRelay,
        };

    private static async Task<int> PreviewAsync(
        AdminClient client, string? domain, bool json, CancellationToken cancellationToken)
    {
        var answer = await client.StreamAsync<TlsReportView>(HttpMethod.Get, $"reports/today{Query(null, domain)}", cancellationToken);
        if (answer is not AdminAnswer<IAsyncEnumerable<TlsReportView>>.Found { Value: var reports })
        {
            return RelayCommandLine.NoRelay;
        }

        try
        {
            return await ReportPrinter.PrintAsync(reports, json, cancellationToken)
                ? RelayCommandLine.Done
                : Nothing($"No session was counted today{(domain is null ? string.Empty : $" for {domain}")}.");
        }
        catch (IOException)
        {
            return RelayCommandLine.NoRelay;
        }
    }

    private static bool TryReadChoice(ParseResult parsed, out string choice)
    {
        var day = parsed.GetValue(Day);
        choice = string.Empty;
        if (day is not null && !DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out _))
        {
            RelayCommandLine.Report([$"\"{PlainText.Of(day)}\" is not a day; write 2026-11-22"]);
            return false;
        }

        if (!TryReadName(parsed.GetValue(Domain), out var domain))
        {
            return false;
        }

        choice = Query(day, domain);
        return true;
    }

    private static bool TryReadName(string? text, out string? domain)
    {
        domain = null;
        if (text is null)
        {
            return true;
        }

        var isName = RelayAccess.TryReadDomain(text, out var name);
        domain = isName ? name.Value : null;
        return isName;
    }

    // Both are made of letters, digits, hyphens, underscores and dots by now.
    private static string Query(string? day, string? domain) =>
        $"?{(day is null ? string.Empty : $"day={day}&")}{(domain is null ? string.Empty : $"domain={domain}")}";

    private static int Nothing(string text)
    {
        Console.Error.WriteLine(text);
        return RelayCommandLine.No;
    }
}
