using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Relay.Admin;
using Relay.Mail;

namespace Relay.Commands;

/// <summary>
/// <c>relay sts query DOMAIN</c>: what the relay would apply now. Asks the running relay; where none runs, decides by itself from
/// what the data directory remembers, and changes nothing there.
/// </summary>
internal static class StsQueryCommand
{
    public static Command Create(Argument<string> domain)
    {
        var command = new Command("query", "Tells what applies to mail for DOMAIN now, and why") { domain, RelayCommandLine.Json };
        command.SetAction((parsed, cancellationToken) => QueryAsync(parsed, parsed.GetRequiredValue(domain), cancellationToken));
        return command;
    }

    private static async Task<int> QueryAsync(ParseResult parsed, string domain, CancellationToken cancellationToken)
    {
        await using var application = RelayAccess.Build(parsed);
        if (application is null || !RelayAccess.TryReadDomain(domain, out var name))
        {
            return RelayCommandLine.WrongUsage;
        }

        var decision = await AskAsync(application.Services, name, cancellationToken)
            ?? await application.Services.GetRequiredService<StsDecisions>().DecideAsync(name, isFresh: false, cancellationToken);
        return StsPrinter.Print(decision, parsed.GetValue(RelayCommandLine.Json));
    }

    private static async Task<StsDecisionView?> AskAsync(
        IServiceProvider services, DomainName domain, CancellationToken cancellationToken)
    {
        using var client = new AdminClient(RelayAccess.SocketOf(services));
        var answer = await client.SendAsync<StsDecisionView>(HttpMethod.Get, $"sts/decisions/{domain.Value}", cancellationToken);
        return (answer as AdminAnswer<StsDecisionView>.Found)?.Value;
    }
}
