using System.CommandLine;
using Microsoft.Extensions.DependencyInjection;
using Relay.Admin;
using Relay.Dns;
using Relay.Hosting;
using Relay.MtaSts.Cache;

namespace Relay.Commands;

/// <summary>
/// <c>relay sts query DOMAIN</c>: what the relay would apply now. Asks the running relay; where none runs, decides by itself from
/// what the data directory remembers.
/// </summary>
internal static class StsQueryCommand
{
    public static Command Create(Argument<string> domain)
    {
        var command = new Command("query", "Tells what applies to mail for DOMAIN now") { domain, RelayCommandLine.Json };
        command.SetAction((parsed, cancellationToken) => QueryAsync(parsed, parsed.GetRequiredValue(domain), cancellationToken));
        return command;
    }

    private static async Task<int> QueryAsync(ParseResult parsed, string domain, CancellationToken cancellationToken)
    {
        var faults = new List<string>();
        await using var application = RelayApplication.Build(
            parsed.GetRequiredValue(RelayCommandLine.ConfigFile), parsed.UnmatchedTokens, faults);
        if (application is null)
        {
            return RelayCommandLine.Report(faults);
        }

        if (!DomainName.TryParse(domain, out var name) || name.IsRoot)
        {
            return RelayCommandLine.Report([$"\"{domain}\" is not a domain name."]);
        }

        using var client = new AdminClient(RelayAccess.SocketOf(application.Services));
        var answer = await client.SendAsync<StsDecisionView>(HttpMethod.Get, $"sts/decisions/{name.Value}", cancellationToken);
        var decision = answer is AdminAnswer<StsDecisionView>.Found { Value: var found }
            ? found
            : await DecideAsync(application.Services, name, cancellationToken);
        return StsCommand.Print(decision, parsed.GetValue(RelayCommandLine.Json));
    }

    private static async Task<StsDecisionView> DecideAsync(
        IServiceProvider services, DomainName name, CancellationToken cancellationToken)
    {
        var decision = await services.GetRequiredService<IPolicyCache>().GetAsync(name, cancellationToken);
        return StsDecisionView.Of(name.Value, decision, services.GetRequiredService<TimeProvider>().GetUtcNow());
    }
}
