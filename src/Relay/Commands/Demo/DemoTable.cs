using System.Diagnostics;
using Spectre.Console;

namespace Relay.Commands.Demo;

/// <summary>Shows the results to people.</summary>
internal static class DemoTable
{
    // Without a terminal there is nothing to fit into; wide enough for every sentence on two lines.
    private const int WidthWithoutTerminal = 160;

    public static void Write(IReadOnlyList<DemoResult> results)
    {
        var table = new Table().Border(TableBorder.Rounded).ShowRowSeparators()
            .AddColumn(new TableColumn("Mail to").NoWrap())
            .AddColumns("What is wrong there", "Policy", "What became of it", "Why");
        foreach (var result in results)
        {
            table.AddRow(
                Markup.Escape(result.Domain),
                Markup.Escape(result.Situation),
                result.Policy,
                $"[{ColourOf(result)}]{NameOf(result.Outcome)}[/]",
                Markup.Escape(result.Why));
        }

        CreateConsole().Write(table);
        var wrong = results.Count(result => !result.AsExpected);
        Console.WriteLine(wrong == 0
            ? "Every message met the end that MTA-STS (RFC 8461) gives it. \"Deferred\" waits in the queue and is tried again."
            : $"{wrong} of {results.Count} messages did not meet the end that MTA-STS (RFC 8461) gives them.");
        Console.WriteLine("Look next: `relay demo --log` shows the relay's log of this; `relay demo --MtaSts:Enabled=false` the same mail without");
        Console.WriteLine("policies; `relay sts query DOMAIN` what applies to a real domain; README.md how to run the relay.");
    }

    /// <summary>An outcome in words.</summary>
    public static string NameOf(DemoOutcome outcome) => outcome switch
    {
        DemoOutcome.DeliveredVerified => "delivered over verified TLS",
        DemoOutcome.DeliveredUnverified => "delivered over unverified TLS",
        DemoOutcome.DeliveredInClear => "delivered in clear",
        DemoOutcome.Deferred => "deferred",
        DemoOutcome.Bounced => "bounced",
        DemoOutcome.Unsettled => "not settled",
        _ => throw new UnreachableException(),
    };

    private static IAnsiConsole CreateConsole()
    {
        if (!Console.IsOutputRedirected)
        {
            return AnsiConsole.Console;
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, ColorSystem = ColorSystemSupport.NoColors });
        console.Profile.Width = WidthWithoutTerminal;
        return console;
    }

    private static string ColourOf(DemoResult result) => (result.AsExpected, result.Outcome) switch
    {
        (false, _) => "red",
        (_, DemoOutcome.DeliveredVerified) => "green",
        (_, DemoOutcome.Deferred) => "blue",
        _ => "yellow",
    };
}
