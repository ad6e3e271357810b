using System.CommandLine;
using System.Text.Json;
using Relay.Admin;

namespace Relay.Commands.Demo;

/// <summary>
/// <c>relay demo</c>: the relay between an application and a lab Internet, all in this process; exit code 0 when every message
/// met the end that a correct relay gives it, else 1.
/// </summary>
internal static class DemoCommand
{
    private static readonly Option<bool> Log = new("--log") { Description = "Writes the relay's log to standard error" };

    public static Command Create()
    {
        var command = new Command(
            "demo", "Sends mail to good and bad domains of a lab Internet on this machine, and shows what MTA-STS makes of it")
        {
            RelayCommandLine.Json,
            Log,
        };
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        var setup = new DemoSetup(parsed.UnmatchedTokens, parsed.GetValue(Log) ? Console.OpenStandardError : null);
        var results = await DemoRun.PlayAsync(setup, faults, cancellationToken);
        if (faults.Count > 0)
        {
            return RelayCommandLine.Report(faults);
        }

        if (parsed.GetValue(RelayCommandLine.Json))
        {
            await Console.Out.WriteLineAsync(JsonSerializer.Serialize(results, AdminJson.Options).AsMemory(), cancellationToken);
        }
        else
        {
            DemoTable.Write(results);
        }

        return results.All(result => result.AsExpected) ? RelayCommandLine.Done : RelayCommandLine.No;
    }
}
