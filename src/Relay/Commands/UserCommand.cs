using System.CommandLine;
using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Hosting;
using Relay.Submission;

namespace Relay.Commands;

/// <summary><c>relay user add|remove|list</c>: the accounts of those who authenticate. A running relay reads a change by itself.</summary>
internal static class UserCommand
{
    private static readonly Argument<string> Name = new("NAME") { Description = "The account; an address is a good name" };

    private static readonly Option<bool> Replace = new("--replace") { Description = "Gives an account that exists a new password" };

    public static Command Create()
    {
        var add = new Command("add", "Adds an account; asks for its password, or takes the first line of standard input") { Name, Replace };
        add.SetAction((parsed, _) => WithFileAsync(parsed, path => Add(path, parsed.GetRequiredValue(Name), parsed.GetValue(Replace))));
        var remove = new Command("remove", "Removes an account") { Name };
        remove.SetAction((parsed, _) => WithFileAsync(parsed, path => Remove(path, parsed.GetRequiredValue(Name))));
        var list = new Command("list", "Lists the accounts") { RelayCommandLine.Json };
        list.SetAction((parsed, _) => WithFileAsync(parsed, path => List(path, parsed.GetValue(RelayCommandLine.Json))));
        return new Command("user", "Keeps the accounts of those who authenticate to send mail") { add, remove, list };
    }

    private static async Task<int> WithFileAsync(ParseResult parsed, Func<string, int> command)
    {
        await using var application = RelayAccess.Build(parsed);
        if (application is null)
        {
            return RelayCommandLine.WrongUsage;
        }

        var options = application.Services.GetRequiredService<IOptions<RelayOptions>>().Value;
        var path = options.AccountsPath;
        // Accounts may well be made before the relay has run for the first time.
        if (options.AccountsFile is null && DataDirectory.Prepare(options.DataDirectory) is { } fault)
        {
            return RelayCommandLine.Report([fault]);
        }

        try
        {
            return command(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return RelayCommandLine.Report(
                [$"The accounts were not changed: {error.Message}; are you the relay's user, and is {path} in a directory that exists?"]);
        }
    }

    private static int Add(string path, string text, bool replace)
    {
        // What begins with a hyphen is a setting whose name was forgotten in front of it.
        if (!CredentialText.TryReadName(text, out var name) || name.StartsWith('-'))
        {
            return RelayCommandLine.Report(
                [$"\"{PlainText.Of(text)}\" cannot be a name; write one without spaces, of at most {CredentialText.MaxNameOctets} octets"]);
        }

        if (PasswordInput.Read() is not { } typed)
        {
            return RelayCommandLine.Report(["The passwords differ; nothing was changed"]);
        }

        var isUsable = CredentialText.TryReadPassword(typed, out var password);
        CryptographicOperations.ZeroMemory(typed);
        if (!isUsable)
        {
            return RelayCommandLine.Report(
                [$"The password is empty, longer than {CredentialText.MaxPasswordOctets} octets, or holds what cannot be typed; nothing was changed"]);
        }

        var hash = PasswordHash.Of(password);
        CryptographicOperations.ZeroMemory(password);
        return Tell(AccountsFile.Change(path, accounts =>
        {
            if (!replace && accounts.ContainsKey(name))
            {
                return $"{PlainText.Of(name)} has an account; --replace gives it a new password";
            }

            accounts[name] = hash;
            return null;
        }));
    }

    private static int Remove(string path, string text) => Tell(AccountsFile.Change(
        path,
        accounts => CredentialText.TryReadName(text, out var name) && accounts.Remove(name)
            ? null
            : $"{PlainText.Of(text)} has no account"));

    private static int List(string path, bool json)
    {
        string[] names = AccountsFile.Read(path) is AccountsFile.ReadResult.Found found
            ? [.. found.Accounts.Keys.Order(StringComparer.Ordinal)]
            : [];
        if (json)
        {
            Console.Out.WriteLine(PlainText.OfJson(JsonSerializer.Serialize(names.Select(name => new { user = name }))));
            return RelayCommandLine.Done;
        }

        foreach (var name in names)
        {
            Console.Out.WriteLine(PlainText.Of(name));
        }

        return RelayCommandLine.Done;
    }

    private static int Tell(string? refusal)
    {
        if (refusal is null)
        {
            return RelayCommandLine.Done;
        }

        Console.Error.WriteLine(refusal);
        return RelayCommandLine.No;
    }
}
