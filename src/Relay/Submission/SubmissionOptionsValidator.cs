using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Submission;

/// <summary>Names the faults in what the section <c>Relay</c> says of authentication.</summary>
internal sealed class SubmissionOptionsValidator : IValidateOptions<RelayOptions>
{
    public ValidateOptionsResult Validate(string? name, RelayOptions options)
    {
        var faults = new List<string>();
        CheckListeners(options, faults);
        CheckAccounts(options, faults);
        CheckSenderLogins(options, faults);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    // RFC 4954 §9: passwords travel inside TLS alone, so that without it nobody could ever authenticate.
    private static void CheckListeners(RelayOptions options, List<string> faults)
    {
        for (var i = 0; i < (options.Listeners?.Count ?? 0); i++)
        {
            var listener = options.Listeners![i];
            if (!listener.RequireAuth)
            {
                continue;
            }

            if (listener.Tls == ListenerTls.None)
            {
                faults.Add($"Relay:Listeners:{i}:RequireAuth: clients authenticate inside TLS alone, and this listener has none; "
                    + $"set Relay:Listeners:{i}:Tls to StartTls or Implicit");
            }
            else if (listener.Tls == ListenerTls.StartTls && !options.Certificate.IsSet)
            {
                faults.Add($"Relay:Listeners:{i}:RequireAuth: clients authenticate inside TLS alone, which needs a certificate; set "
                    + "Relay:Certificate:CertificateFile and Relay:Certificate:KeyFile");
            }
        }
    }

    private static void CheckAccounts(RelayOptions options, List<string> faults)
    {
        if (string.IsNullOrWhiteSpace(options.AccountsPath))
        {
            faults.Add("Relay:AccountsFile: it is empty; name the file of the accounts, or leave the key out");
        }
        else if (AccountsFile.Read(options.AccountsPath) is AccountsFile.ReadResult.Unusable unusable)
        {
            faults.Add($"Relay:AccountsFile: \"{options.AccountsPath}\" cannot be used: {unusable.Reason}");
        }
    }

    private static void CheckSenderLogins(RelayOptions options, List<string> faults)
    {
        for (var i = 0; i < (options.SenderLogins?.Count ?? 0); i++)
        {
            var entry = options.SenderLogins![i];
            if (!CredentialText.TryReadName(entry.Login, out _))
            {
                faults.Add($"Relay:SenderLogins:{i}:Login: \"{entry.Login}\" is no account's name; write one as relay user list shows it");
            }

            for (var j = 0; j < (entry.Addresses?.Count ?? 0); j++)
            {
                if (!SenderLogins.TryRead(entry.Addresses![j], out _))
                {
                    faults.Add($"Relay:SenderLogins:{i}:Addresses:{j}: \"{entry.Addresses[j]}\" is no address; write user@example.com, "
                        + "@example.com for all of a domain, or *");
                }
            }
        }
    }
}
