using System.Buffers;
using System.CommandLine;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Relay.Admin;
using Relay.Configuration;
using Relay.Hosting;
using Relay.Mail;
using Relay.MtaSts;

namespace Relay.Commands;

/// <summary>What every command on a running relay needs: the configuration, and through it the socket.</summary>
internal static class RelayAccess
{
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-_.");

    /// <summary>
    /// The program's parts for a command beside the running relay: they look and write nothing, and standard output is the
    /// command's alone. Null when the configuration is wrong, which has been said then.
    /// </summary>
    public static WebApplication? Build(ParseResult parsed)
    {
        var faults = new List<string>();
        var application = RelayApplication.Build(
            parsed.GetRequiredValue(RelayCommandLine.ConfigFile),
            parsed.UnmatchedTokens,
            faults,
            services => services.RemoveAll<ILoggerProvider>().ReadPoliciesOnly());
        if (application is null)
        {
            RelayCommandLine.Report(faults);
        }

        return application;
    }

    /// <summary>Runs a command with a client for the relay that this configuration describes.</summary>
    public static async Task<int> WithRelayAsync(ParseResult parsed, Func<AdminClient, Task<int>> command)
    {
        await using var application = Build(parsed);
        if (application is null)
        {
            return RelayCommandLine.WrongUsage;
        }

        var socket = SocketOf(application.Services);
        using var client = new AdminClient(socket);
        var exitCode = await command(client);
        if (exitCode == RelayCommandLine.NoRelay)
        {
            await Console.Error.WriteLineAsync(
                $"No relay answers on its admin socket {PlainText.Of(socket)}. Is it running, with this configuration and data "
                + "directory, and are you its user?");
        }

        return exitCode;
    }

    /// <summary>The socket on which the configured relay answers.</summary>
    public static string SocketOf(IServiceProvider services) => services.GetRequiredService<IOptions<AdminOptions>>().Value
        .SocketIn(services.GetRequiredService<IOptions<RelayOptions>>().Value.DataDirectory);

    /// <summary>Reads a domain from the command line; says so when it is none.</summary>
    public static bool TryReadDomain(string text, out DomainName domain)
    {
        if (DomainName.TryParse(text, out domain) && !domain.IsRoot && !domain.Value.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            return true;
        }

        RelayCommandLine.Report([$"\"{PlainText.Of(text)}\" is not a domain name; write example.com"]);
        return false;
    }
}
