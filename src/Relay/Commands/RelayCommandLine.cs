using System.CommandLine;
using Relay.Commands.Demo;

namespace Relay.Commands;

/// <summary>The commands of the program and their exit codes: 0 done, 1 the answer is no, 2 wrong usage or configuration,
/// 3 the relay is not reachable.</summary>
internal static class RelayCommandLine
{
    public const int Done = 0;
    public const int No = 1;
    public const int WrongUsage = 2;
    public const int NoRelay = 3;

    /// <summary>Every listing command has it.</summary>
    public static Option<bool> Json { get; } = new("--json") { Description = "Writes JSON, with the keys of the log" };

    public static Option<string> ConfigFile { get; } = new("--config")
    {
        Description = "The configuration file",
        DefaultValueFactory = _ => Configuration.ConfigurationSources.DefaultFile,
        HelpName = "FILE",
        Recursive = true,
    };

    /// <summary>Runs the command that the arguments name; the smarthost itself when they name none.</summary>
    public static async Task<int> InvokeAsync(string[] args)
    {
        var root = new RootCommand(
            "A mail smarthost with MTA-STS and TLS reporting. Settings of the configuration may follow every command as "
            + "--Section:Key value.")
        {
            ConfigFile,
            RunCommand.Create(),
            ConfigCommand.Create(),
            QueueCommand.Create(),
            StsCommand.Create(),
            ReportCommand.Create(),
            DkimCommand.Create(),
            UserCommand.Create(),
            DemoCommand.Create(),
        };
        TakeSettings(root);
        root.SetAction(RunCommand.RunAsync);

        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            foreach (var error in parsed.Errors)
            {
                await Console.Error.WriteLineAsync(error.Message);
            }

            await Console.Error.WriteLineAsync("Try: relay --help");
            return WrongUsage;
        }

        // The host handles SIGTERM and SIGINT itself: it finishes what is in flight and takes the time for it.
        return await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    /// <summary>Says what is wrong with the configuration, and gives the exit code for it.</summary>
    public static int Report(IReadOnlyCollection<string> faults)
    {
        foreach (var fault in faults)
        {
            Console.Error.WriteLine(fault);
        }

        return WrongUsage;
    }

    // What no command knows is a setting, checked by ConfigurationSources.
    private static void TakeSettings(Command command)
    {
        command.TreatUnmatchedTokensAsErrors = false;
        foreach (var subcommand in command.Subcommands)
        {
            TakeSettings(subcommand);
        }
    }
}
