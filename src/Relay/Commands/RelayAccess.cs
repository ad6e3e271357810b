using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Admin;
using Relay.Configuration;
using Relay.Hosting;

namespace Relay.Commands;

/// <summary>What every command on a running relay needs: the configuration, and through it the socket.</summary>
internal static class RelayAccess
{
    /// <summary>Runs a command with a client for the relay that this configuration describes.</summary>
    public static async Task<int> WithRelayAsync(ParseResult parsed, Func<AdminClient, Task<int>> command)
    {
        var faults = new List<string>();
        await using var application = RelayApplication.Build(
            parsed.GetRequiredValue(RelayCommandLine.ConfigFile), parsed.UnmatchedTokens, faults);
        if (application is null)
        {
            return RelayCommandLine.Report(faults);
        }

        using var client = new AdminClient(SocketOf(application.Services));
        return await command(client);
    }

    /// <summary>The socket on which the configured relay answers.</summary>
    public static string SocketOf(IServiceProvider services) => services.GetRequiredService<IOptions<AdminOptions>>().Value
        .SocketIn(services.GetRequiredService<IOptions<RelayOptions>>().Value.DataDirectory);

    /// <summary>Says that no relay answers, and gives the exit code for it.</summary>
    public static int ReportNoRelay()
    {
        Console.Error.WriteLine(
            "No relay answers on its admin socket. Is it running, with this configuration and data directory, and are you its user?");
        return RelayCommandLine.NoRelay;
    }
}
