using System.Diagnostics;
using System.Text;
using System.Text.Json;

namespace Relay.Tests.Commands;

/// <summary>The real executable, run to its end as an operator runs it, with its output in a pipe.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Standard output.</param>
/// <param name="Error">Standard error.</param>
internal sealed record CommandRun(int ExitCode, string Output, string Error)
{
    /// <summary>Standard output as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Output).RootElement;

    public static Task<CommandRun> OfAsync(
        IEnumerable<(string Key, string Value)> settings, CancellationToken cancellationToken, params string[] arguments) =>
        OfAsync(settings, string.Empty, arguments, cancellationToken);

    /// <summary>As above, with something on standard input.</summary>
    public static async Task<CommandRun> OfAsync(
        IEnumerable<(string Key, string Value)> settings, string input, string[] arguments, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(
            Path.Combine(AppContext.BaseDirectory, "relay"),
            [.. arguments, .. settings.Select(setting => $"--{setting.Key}={setting.Value}")])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = AppContext.BaseDirectory,
        };
        using var process = Process.Start(start)!;
        await process.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(input), cancellationToken);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return new CommandRun(process.ExitCode, await output, await error);
    }
}
