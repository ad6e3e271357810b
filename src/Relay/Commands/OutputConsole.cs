using Spectre.Console;

namespace Relay.Commands;

/// <summary>Standard output for tables and marks: colours on a terminal only, and in a pipe no wrapping either.</summary>
internal static class OutputConsole
{
    // A pipe has no width of its own.
    private const int PipeWidth = 1_000;

    public static IAnsiConsole Open()
    {
        var isPipe = Console.IsOutputRedirected;
        var console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Ansi = isPipe ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = isPipe ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
        });
        if (isPipe)
        {
            console.Profile.Width = PipeWidth;
        }

        return console;
    }
}
