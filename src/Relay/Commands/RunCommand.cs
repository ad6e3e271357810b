using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Hosting;

namespace Relay.Commands;

/// <summary><c>relay run</c>: the smarthost.</summary>
internal static class RunCommand
{
    public static Command Create()
    {
        var command = new Command("run", "Runs the smarthost until it is told to stop (SIGTERM or Ctrl+C)");
        command.SetAction(RunAsync);
        return command;
    }

    public static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        await using var application = RelayApplication.Build(
            parsed.GetRequiredValue(RelayCommandLine.ConfigFile), parsed.UnmatchedTokens, faults);
        if (application is null)
        {
            return RelayCommandLine.Report(faults);
        }

        var directory = application.Services.GetRequiredService<IOptions<RelayOptions>>().Value.DataDirectory;
        if (DataDirectory.Prepare(directory) is { } fault)
        {
            return RelayCommandLine.Report([fault]);
        }

        try
        {
            await application.RunAsync(cancellationToken);
            return RelayCommandLine.Done;
        }
        catch (IOException failure)
        {
            // An address in use, a second relay on the same data, a store that cannot be opened: the machine's state,
            // in words.
            return RelayCommandLine.Report([failure.Message]);
        }
    }
}
