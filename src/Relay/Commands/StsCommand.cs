using System.CommandLine;
using Relay.Admin;
using Relay.Mail;

namespace Relay.Commands;

/// <summary><c>relay sts</c>: the MTA-STS policies that the relay remembers and applies.</summary>
internal static class StsCommand
{
    private static readonly Argument<string> Domain = new("DOMAIN") { Description = "A policy domain" };

    public static Command Create() => new("sts", "Looks at and acts on MTA-STS policies")
    {
        StsQueryCommand.Create(Domain),
        StsCheckCommand.Create(Domain),
        ForDomain("show", "Shows the policy remembered for DOMAIN, expired or not", ShowAsync),
        ForDomain("refresh", "Fetches DOMAIN's policy now; one in force stays when that fails", RefreshAsync),
        ForDomain("forget", "Forgets all about DOMAIN: trust begins anew with the next message", ForgetAsync),
        List(),
    };

    private static Command ForDomain(
        string name, string description, Func<AdminClient, DomainName, bool, CancellationToken, Task<int>> action)
    {
        var command = new Command(name, description) { Domain, RelayCommandLine.Json };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(parsed, client =>
            RelayAccess.TryReadDomain(parsed.GetRequiredValue(Domain), out var domain)
                ? action(client, domain, parsed.GetValue(RelayCommandLine.Json), cancellationToken)
                : Task.FromResult(RelayCommandLine.WrongUsage)));
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Lists the policies remembered") { RelayCommandLine.Json };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(
            parsed, client => ListAsync(client, parsed.GetValue(RelayCommandLine.Json), cancellationToken)));
        return command;
    }

    private static async Task<int> ShowAsync(
        AdminClient client, DomainName domain, bool json, CancellationToken cancellationToken) =>
        await client.SendAsync<StsPolicyView>(HttpMethod.Get, $"sts/policies/{domain.Value}", cancellationToken) switch
        {
            AdminAnswer<StsPolicyView>.Found { Value: var policy } => StsPrinter.Print(policy, json),
            AdminAnswer<StsPolicyView>.NotFound => Nothing($"No policy is remembered for {domain}."),
            _ => RelayCommandLine.NoRelay,
        };

    private static async Task<int> RefreshAsync(
        AdminClient client, DomainName domain, bool json, CancellationToken cancellationToken)
    {
        var answer = await client.SendAsync<StsDecisionView>(
            HttpMethod.Post, $"sts/policies/{domain.Value}/refresh", cancellationToken);
        if (answer is not AdminAnswer<StsDecisionView>.Found { Value: var decision })
        {
            return RelayCommandLine.NoRelay;
        }

        var code = StsPrinter.Print(decision, json);
        return decision.Source == "remembered"
            ? Nothing($"The policy could not be fetched now; relay sts check {domain} tells why. The one remembered stays.")
            : code;
    }

    private static async Task<int> ForgetAsync(
        AdminClient client, DomainName domain, bool json, CancellationToken cancellationToken) =>
        await client.SendAsync<StsForgottenView>(HttpMethod.Delete, $"sts/policies/{domain.Value}", cancellationToken) switch
        {
            AdminAnswer<StsForgottenView>.Found { Value: var forgotten } => StsPrinter.Print(forgotten, json),
            AdminAnswer<StsForgottenView>.NotFound => Nothing($"Nothing is remembered about {domain}."),
            _ => RelayCommandLine.NoRelay,
        };

    private static async Task<int> ListAsync(AdminClient client, bool json, CancellationToken cancellationToken)
    {
        var all = new List<StsPolicyView>();
        while (true)
        {
            var after = all.Count == 0 ? string.Empty : $"?after={Uri.EscapeDataString(all[^1].Domain)}";
            var answer = await client.SendAsync<List<StsPolicyView>>(HttpMethod.Get, $"sts/policies{after}", cancellationToken);
            if (answer is not AdminAnswer<List<StsPolicyView>>.Found { Value: var page })
            {
                return RelayCommandLine.NoRelay;
            }

            all.AddRange(page);
            if (page.Count == 0)
            {
                return StsPrinter.Print(all, json);
            }
        }
    }

    private static int Nothing(string text)
    {
        Console.Error.WriteLine(text);
        return RelayCommandLine.No;
    }
}
