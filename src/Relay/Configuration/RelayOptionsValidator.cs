using Microsoft.Extensions.Options;
using Relay.Mail;

namespace Relay.Configuration;

/// <summary>Names every fault of the section <c>Relay</c> with its key, its value and what to write instead.</summary>
internal sealed class RelayOptionsValidator : IValidateOptions<RelayOptions>
{
    private const long LeastMessageBytes = 64 * 1024;
    private const int LeastRecipients = 100;

    public ValidateOptionsResult Validate(string? name, RelayOptions options)
    {
        var faults = new List<string>();
        CheckNames(options, faults);
        CheckListeners(options, faults);
        CheckCertificate(options, faults);
        CheckLimits(options, faults);
        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckNames(RelayOptions options, List<string> faults)
    {
        if (!DomainName.TryParse(options.HostName, out var host) || host.IsRoot)
        {
            faults.Add($"Relay:HostName: \"{options.HostName}\" is not a host name; write the relay's fully qualified "
                + "name, for example relay.example.com");
        }

        if (string.IsNullOrWhiteSpace(options.DataDirectory))
        {
            faults.Add("Relay:DataDirectory: it is empty; name the directory for the databases, for example data");
        }

        if (options.Postmaster is { } postmaster && !PostmasterAddress.TryParse(postmaster, out _))
        {
            faults.Add($"Relay:Postmaster: \"{postmaster}\" is not a mailbox; write one, for example "
                + "postmaster@example.com");
        }

        for (var i = 0; i < (options.TrustedNetworks?.Count ?? 0); i++)
        {
            if (!TrustedNetworks.TryParse(options.TrustedNetworks![i], out _))
            {
                faults.Add($"Relay:TrustedNetworks:{i}: \"{options.TrustedNetworks[i]}\" is not a network; write an address or "
                    + "a CIDR prefix with nothing behind its bits, for example 192.0.2.0/24 or 2001:db8::/32");
            }
        }
    }

    private static void CheckListeners(RelayOptions options, List<string> faults)
    {
        for (var i = 0; i < (options.Listeners?.Count ?? 0); i++)
        {
            var listener = options.Listeners![i];
            if (!listener.TryGetEndPoint(out _))
            {
                faults.Add($"Relay:Listeners:{i}:Address: \"{listener.Address}\" is not an address with a port; write for "
                    + "example 127.0.0.1:2525, 0.0.0.0:25 or [::]:587");
            }

            if (listener.Tls == ListenerTls.Implicit && !options.Certificate.IsSet)
            {
                faults.Add($"Relay:Listeners:{i}:Tls: \"Implicit\" needs a certificate; set Relay:Certificate:CertificateFile "
                    + "and Relay:Certificate:KeyFile");
            }
        }
    }

    private static void CheckCertificate(RelayOptions options, List<string> faults)
    {
        var certificate = options.Certificate;
        if (!certificate.IsSet)
        {
            return;
        }

        if (certificate.CertificateFile is null || certificate.KeyFile is null)
        {
            var missing = certificate.CertificateFile is null
                ? nameof(certificate.CertificateFile)
                : nameof(certificate.KeyFile);
            faults.Add(
                $"Relay:Certificate:{missing}: it is not set; a certificate needs both CertificateFile and KeyFile");
            return;
        }

        if (CertificateFiles.Load(certificate) is CertificateFiles.LoadResult.Unusable unusable)
        {
            faults.Add($"Relay:Certificate: \"{certificate.CertificateFile}\" with key \"{certificate.KeyFile}\" cannot be "
                + $"used: {unusable.Reason}; give PEM files that the relay's user may read and that belong together");
        }
    }

    private static void CheckLimits(RelayOptions options, List<string> faults)
    {
        // RFC 5321 §4.5.3.1.7 and §4.5.3.1.8: what every server has to take.
        if (options.MaxMessageBytes < LeastMessageBytes)
        {
            faults.Add(
                $"Relay:MaxMessageBytes: {options.MaxMessageBytes} is too small; allow at least {LeastMessageBytes}");
        }

        if (options.MaxSpoolBytesPerClient < options.MaxMessageBytes)
        {
            faults.Add($"Relay:MaxSpoolBytesPerClient: {options.MaxSpoolBytesPerClient} is less than one message may have "
                + $"(Relay:MaxMessageBytes); allow at least {options.MaxMessageBytes}");
        }

        if (options.MaxRecipients < LeastRecipients)
        {
            faults.Add($"Relay:MaxRecipients: {options.MaxRecipients} is too small; allow at least {LeastRecipients}");
        }

        if (options.MaxConnections < 1)
        {
            faults.Add($"Relay:MaxConnections: {options.MaxConnections} leaves nobody in; allow at least 1");
        }

        if (options.MaxConnectionsPerAddress < 1)
        {
            faults.Add($"Relay:MaxConnectionsPerAddress: {options.MaxConnectionsPerAddress} leaves nobody in; allow at least 1");
        }

        if (options.MaxConnectionsPerNetwork < 1)
        {
            faults.Add($"Relay:MaxConnectionsPerNetwork: {options.MaxConnectionsPerNetwork} leaves nobody in; allow at least 1");
        }

        if (options.MaxMessagesPerMinute < 0)
        {
            faults.Add($"Relay:MaxMessagesPerMinute: {options.MaxMessagesPerMinute} is no rate; write 0 for no limit");
        }

        faults.AddRange(options.Sessions.Faults());
    }
}
