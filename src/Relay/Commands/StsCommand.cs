using System.CommandLine;
using System.Text.Json;
using Relay.Admin;
using Spectre.Console;

namespace Relay.Commands;

/// <summary><c>relay sts</c>: the MTA-STS policies that the relay remembers and applies.</summary>
internal static class StsCommand
{
    private static readonly Argument<string> Domain = new("DOMAIN") { Description = "A policy domain" };

    public static Command Create() => new("sts", "Looks at and acts on MTA-STS policies")
    {
        StsQueryCommand.Create(Domain),
        ForDomain("show", "Shows the policy remembered for DOMAIN, expired or not", ShowAsync),
        ForDomain("refresh", "Fetches DOMAIN's policy now; one in force stays when that fails", RefreshAsync),
        ForDomain("forget", "Forgets all about DOMAIN: trust begins anew with the next message", ForgetAsync),
        List(),
    };

    /// <summary>Prints what applies to a domain; exit code 1 when nothing does.</summary>
    public static int Print(StsDecisionView decision, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(decision, AdminJson.Options));
        }
        else if (decision.Policy is { } policy)
        {
            Print(policy);
        }
        else if (decision.Decision == "unknown")
        {
            Console.WriteLine($"{decision.Domain}: unknown; DNS does not say ({decision.Detail}). Mail waits until "
                + $"{decision.Until:yyyy-MM-ddTHH:mm:ssZ}, then goes without a policy.");
        }
        else
        {
            Console.WriteLine($"{decision.Domain}: no policy; TLS is used where the MX offers it.");
        }

        return decision.Policy is null ? RelayCommandLine.No : RelayCommandLine.Done;
    }

    private static Command ForDomain(
        string name, string description, Func<AdminClient, string, bool, CancellationToken, Task<int>> action)
    {
        var command = new Command(name, description) { Domain, RelayCommandLine.Json };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(parsed, client => action(
            client,
            Uri.EscapeDataString(parsed.GetRequiredValue(Domain)),
            parsed.GetValue(RelayCommandLine.Json),
            cancellationToken)));
        return command;
    }

    private static Command List()
    {
        var command = new Command("list", "Lists the policies remembered") { RelayCommandLine.Json };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(
            parsed, client => ListAsync(client, parsed.GetValue(RelayCommandLine.Json), cancellationToken)));
        return command;
    }

    private static async Task<int> ShowAsync(AdminClient client, string domain, bool json, CancellationToken cancellationToken)
    {
        switch (await client.SendAsync<StsPolicyView>(HttpMethod.Get, $"sts/policies/{domain}", cancellationToken))
        {
            case AdminAnswer<StsPolicyView>.Found { Value: var policy } when json:
                await Console.Out.WriteLineAsync(JsonSerializer.Serialize(policy, AdminJson.Options).AsMemory(), cancellationToken);
                return RelayCommandLine.Done;
            case AdminAnswer<StsPolicyView>.Found { Value: var policy }:
                Print(policy);
                return RelayCommandLine.Done;
            case AdminAnswer<StsPolicyView>.NotFound:
                await Console.Error.WriteLineAsync($"No policy is remembered for {Uri.UnescapeDataString(domain)}.".AsMemory(), cancellationToken);
                return RelayCommandLine.No;
            default:
                return RelayAccess.ReportNoRelay();
        }
    }

    private static async Task<int> RefreshAsync(AdminClient client, string domain, bool json, CancellationToken cancellationToken) =>
        await client.SendAsync<StsDecisionView>(HttpMethod.Post, $"sts/policies/{domain}/refresh", cancellationToken) switch
        {
            AdminAnswer<StsDecisionView>.Found { Value: var decision } => Print(decision, json),
            AdminAnswer<StsDecisionView>.NotFound => NotADomain(domain),
            _ => RelayAccess.ReportNoRelay(),
        };

    private static async Task<int> ForgetAsync(AdminClient client, string domain, bool json, CancellationToken cancellationToken)
    {
        switch (await client.SendAsync<object>(HttpMethod.Delete, $"sts/policies/{domain}", cancellationToken))
        {
            case AdminAnswer<object>.NoRelay:
                return RelayAccess.ReportNoRelay();
            case AdminAnswer<object>.NotFound:
                await Console.Error.WriteLineAsync($"Nothing is remembered about {Uri.UnescapeDataString(domain)}.".AsMemory(), cancellationToken);
                return RelayCommandLine.No;
            default:
                var line = json ? "{}" : $"{Uri.UnescapeDataString(domain)}: forgotten.";
                await Console.Out.WriteLineAsync(line.AsMemory(), cancellationToken);
                return RelayCommandLine.Done;
        }
    }

    private static async Task<int> ListAsync(AdminClient client, bool json, CancellationToken cancellationToken)
    {
        var all = new List<StsPolicyView>();
        while (true)
        {
            var after = all.Count == 0 ? string.Empty : $"?after={Uri.EscapeDataString(all[^1].Domain)}";
            var answer = await client.SendAsync<List<StsPolicyView>>(HttpMethod.Get, $"sts/policies{after}", cancellationToken);
            if (answer is not AdminAnswer<List<StsPolicyView>>.Found { Value: var page })
            {
                return RelayAccess.ReportNoRelay();
            }

            all.AddRange(page);
            if (page.Count == 0)
            {
                break;
            }
        }

        Print(all, json);
        return RelayCommandLine.Done;
    }

    private static int NotADomain(string domain)
    {
        Console.Error.WriteLine($"\"{Uri.UnescapeDataString(domain)}\" is not a domain name.");
        return RelayCommandLine.WrongUsage;
    }

    private static void Print(List<StsPolicyView> policies, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(policies, AdminJson.Options));
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns("Domain", "Mode", "Id", "Fetched", "Expires", "MX");
        foreach (var policy in policies)
        {
            table.AddRow(
                Markup.Escape(policy.Domain),
                policy.Expired ? "expired" : $"{policy.Mode}".ToLowerInvariant(),
                Markup.Escape(policy.Id),
                $"{policy.FetchedAt:yyyy-MM-dd HH:mm}",
                $"{policy.ExpiresAt:yyyy-MM-dd HH:mm}",
                Markup.Escape(string.Join(' ', policy.Mx)));
        }

        AnsiConsole.Write(table);
    }

    private static void Print(StsPolicyView policy)
    {
        Console.WriteLine($"{policy.Domain}: {(policy.Expired ? "expired" : $"{policy.Mode}".ToLowerInvariant())}");
        Console.WriteLine($"  id       {policy.Id}");
        Console.WriteLine($"  mx       {(policy.Mx.Count == 0 ? "none" : string.Join(", ", policy.Mx))}");
        Console.WriteLine($"  max_age  {policy.MaxAgeSeconds} s");
        Console.WriteLine($"  fetched  {policy.FetchedAt:yyyy-MM-ddTHH:mm:ssZ}");
        Console.WriteLine($"  expires  {policy.ExpiresAt:yyyy-MM-ddTHH:mm:ssZ}");
    }
}
