using System.CommandLine;
using Relay.Admin;
using Relay.Queue;

namespace Relay.Commands;

/// <summary><c>relay queue</c>: the mail that waits in the running relay.</summary>
internal static class QueueCommand
{
    private const int DefaultLimit = 1_000;

    private static readonly Argument<string> Id = new("ID") { Description = "A queue id, as listed and logged" };

    private static readonly Option<string?> Domain = new("--domain") { Description = "One destination domain", HelpName = "DOMAIN" };

    public static Command Create() => new("queue", "Looks at and acts on the mail that waits")
    {
        List(),
        ForMessage("show", "Shows a message's envelope, header and recipients", withJson: true, ShowAsync),
        Retry(),
        ForMessage("hold", "Keeps a message from being tried until it is released", withJson: false, HoldAsync),
        ForMessage("release", "Lets a held message go, at once", withJson: false, ReleaseAsync),
        ForMessage("drop", "Removes a message; its sender is not told", withJson: false, DropAsync),
        QueueRecoverCommand.Create(),
    };

    private static Command List()
    {
        var state = new Option<QueueStateFilter?>("--state") { Description = "queued, held or failed", HelpName = "STATE" };
        var limit = new Option<int>("--limit")
        {
            Description = $"The most recipients to show; {DefaultLimit} when not given",
            DefaultValueFactory = _ => DefaultLimit,
            HelpName = "N",
        };
        limit.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() < 0)
            {
                result.AddError("--limit must not be negative");
            }
        });
        var command = new Command("list", "Lists recipients, the oldest messages first, and what there is in all")
        {
            Domain, state, limit, RelayCommandLine.Json,
        };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(parsed, client => QueueListingCommand.RunAsync(
            client,
            new QueueListingCommand.Choice(parsed.GetValue(Domain), parsed.GetValue(state), parsed.GetValue(limit)),
            parsed.GetValue(RelayCommandLine.Json),
            cancellationToken)));
        return command;
    }

    private static Command Retry()
    {
        var id = new Argument<string?>("ID") { Description = Id.Description, Arity = ArgumentArity.ZeroOrOne, CustomParser = SettingTokens.Leave };
        var all = new Option<bool>("--all") { Description = "Everything that waits" };
        var command = new Command("retry", "Tries at once what waits for its next attempt: a message, a domain's mail, or all")
        {
            id, Domain, all,
        };
        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(parsed, client =>
            RetryAsync(client, parsed.GetValue(id), parsed.GetValue(Domain), parsed.GetValue(all), cancellationToken)));
        return command;
    }

    private static Command ForMessage(
        string name, string description, bool withJson, Func<AdminClient, QueueId, bool, CancellationToken, Task<int>> action)
    {
        var command = new Command(name, description) { Id };
        if (withJson)
        {
            command.Options.Add(RelayCommandLine.Json);
        }

        command.SetAction((parsed, cancellationToken) => RelayAccess.WithRelayAsync(parsed, client =>
            TryRead(parsed.GetRequiredValue(Id), out var id)
                ? action(client, id, withJson && parsed.GetValue(RelayCommandLine.Json), cancellationToken)
                : Task.FromResult(RelayCommandLine.WrongUsage)));
        return command;
    }

    private static async Task<int> ShowAsync(AdminClient client, QueueId id, bool json, CancellationToken cancellationToken) =>
        await client.SendAsync<QueueMessageView>(HttpMethod.Get, $"queue/{id}", cancellationToken) switch
        {
            AdminAnswer<QueueMessageView>.Found { Value: var message } => QueuePrinter.Print(message, json),
            AdminAnswer<QueueMessageView>.NotFound => Nothing($"There is no message {id} in the queue."),
            _ => RelayCommandLine.NoRelay,
        };

    private static Task<int> HoldAsync(AdminClient client, QueueId id, bool json, CancellationToken cancellationToken) => ChangeAsync(
        client, (HttpMethod.Post, $"queue/{id}/hold"),
        ($"{id} is held ({{0}} recipients). An attempt under way is finished.", $"Message {id} has no queued recipients."),
        cancellationToken);

    private static Task<int> ReleaseAsync(AdminClient client, QueueId id, bool json, CancellationToken cancellationToken) => ChangeAsync(
        client, (HttpMethod.Post, $"queue/{id}/release"),
        ($"{id} is released ({{0}} recipients) and tried at once.", $"Message {id} is not held."),
        cancellationToken);

    private static Task<int> DropAsync(AdminClient client, QueueId id, bool json, CancellationToken cancellationToken) => ChangeAsync(
        client, (HttpMethod.Delete, $"queue/{id}"),
        ($"{id} is dropped ({{0}} recipients). Its sender is not told.", $"There is no message {id} in the queue."),
        cancellationToken);

    private static Task<int> RetryAsync(
        AdminClient client, string? text, string? domain, bool all, CancellationToken cancellationToken)
    {
        QueueId id = default;
        if ((text is null ? 0 : 1) + (domain is null ? 0 : 1) + (all ? 1 : 0) != 1)
        {
            return Task.FromResult(RelayCommandLine.Report(["Name one of a queue id, --domain DOMAIN and --all"]));
        }

        if (text is not null && !TryRead(text, out id))
        {
            return Task.FromResult(RelayCommandLine.WrongUsage);
        }

        var query = all ? string.Empty : domain is null ? $"?id={id}" : $"?domain={Uri.EscapeDataString(domain)}";
        return ChangeAsync(
            client, (HttpMethod.Post, $"queue/retry{query}"), ("Due now: {0}.", "Nothing of that waits to be tried."), cancellationToken);
    }

    private static async Task<int> ChangeAsync(
        AdminClient client, (HttpMethod Method, string Path) request, (string Done, string Nothing) words, CancellationToken cancellationToken)
    {
        var answer = await client.SendAsync<QueueChangeView>(request.Method, request.Path, cancellationToken);
        if (answer is not AdminAnswer<QueueChangeView>.Found { Value: var change })
        {
            return answer is AdminAnswer<QueueChangeView>.NotFound ? Nothing(words.Nothing) : RelayCommandLine.NoRelay;
        }

        if (change.Fault is { } fault)
        {
            return Nothing($"Nothing was changed: {fault}.");
        }

        if (change.Count == 0)
        {
            return Nothing(words.Nothing);
        }

        Console.WriteLine(string.Format(System.Globalization.CultureInfo.InvariantCulture, words.Done, change.Count));
        return RelayCommandLine.Done;
    }

    private static bool TryRead(string text, out QueueId id)
    {
        if (QueueId.TryParse(text, out id))
        {
            return true;
        }

        RelayCommandLine.Report([$"\"{PlainText.Of(text)}\" is not a queue id; relay queue list shows them"]);
        return false;
    }

    private static int Nothing(string text)
    {
        Console.Error.WriteLine(text);
        return RelayCommandLine.No;
    }
}
