using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Hosting;
using Relay.TlsRpt.Sending;

namespace Relay.Commands;

/// <summary><c>relay config check</c>: what the relay would object to, without starting it.</summary>
internal static class ConfigCommand
{
    public static Command Create()
    {
        var check = new Command("check", "Validates the configuration and names every fault with its key");
        check.SetAction(CheckAsync);
        return new Command("config", "Looks at the configuration") { check };
    }

    private static async Task<int> CheckAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var file = parsed.GetRequiredValue(RelayCommandLine.ConfigFile);
        var faults = new List<string>();
        await using var application = RelayApplication.Build(file, parsed.UnmatchedTokens, faults);
        if (application is null)
        {
            return RelayCommandLine.Report(faults);
        }

        // No fault: reports by HTTPS go out without a key, and mail itself needs none.
        if (application.Services.GetService<ReportMailComposer>()?.CannotSendReason is { Length: > 0 } reason)
        {
            await Console.Out.WriteLineAsync(reason.AsMemory(), cancellationToken);
        }

        var relay = application.Services.GetRequiredService<IOptions<RelayOptions>>().Value;
        foreach (var warning in ConfigurationWarnings.Of(relay))
        {
            await Console.Out.WriteLineAsync($"warning: {PlainText.Of(warning.ToString())}".AsMemory(), cancellationToken);
        }

        if (relay.Listeners?.Any(listener => listener.RequireAuth) == true && !File.Exists(relay.AccountsPath))
        {
            await Console.Out.WriteLineAsync(
                $"Nobody can authenticate yet: there is no {relay.AccountsPath}; relay user add NAME makes it".AsMemory(),
                cancellationToken);
        }

        await Console.Out.WriteLineAsync($"{file}: no faults found".AsMemory(), cancellationToken);
        return RelayCommandLine.Done;
    }
}
