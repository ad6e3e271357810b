using System.CommandLine;
using Relay.Mail;
using Relay.TlsRpt.Sending;

namespace Relay.Commands;

/// <summary><c>relay dkim new DOMAIN SELECTOR</c>: the key that signs report mail (RFC 8460 §3).</summary>
internal static class DkimCommand
{
    public static Command Create()
    {
        var domain = new Argument<string>("DOMAIN") { Description = "The domain that signs: that of TlsRpt:Contact" };
        var selector = new Argument<string>("SELECTOR") { Description = "The key's name below it, as rpt1" };
        var file = new Option<string?>("--out") { Description = "Where the key goes; SELECTOR.DOMAIN.pem by default", HelpName = "FILE" };
        var create = new Command("new", "Makes a key and prints the DNS records and the settings for it") { domain, selector, file };
        create.SetAction(parsed => New(
            parsed.GetRequiredValue(domain), parsed.GetRequiredValue(selector), parsed.GetValue(file)));
        return new Command("dkim", "Makes the key that signs TLS reports") { create };
    }

    private static int New(string domainText, string selector, string? file)
    {
        if (!DomainName.TryParse(domainText, out var domain) || domain.IsRoot)
        {
            return RelayCommandLine.Report([$"\"{domainText}\" is not a domain name; write example.com"]);
        }

        if (!SigningKey.IsSelector(selector))
        {
            return RelayCommandLine.Report([$"\"{selector}\" is not a selector; write letters, digits and hyphens, as rpt1"]);
        }

        var path = Path.GetFullPath(file ?? $"{selector}.{domain}.pem");
        var key = SigningKey.Create();
        try
        {
            key.Save(path);
        }
        catch (Exception fault) when (fault is IOException or UnauthorizedAccessException)
        {
            // A key that is there already may be the one in use: it is never written over.
            return RelayCommandLine.Report([$"The key was not written: {fault.Message}"]);
        }

        Print(key, domain, selector, path);
        return RelayCommandLine.Done;
    }

    private static void Print(SigningKey key, DomainName domain, string selector, string path)
    {
        var records = key.RecordsFor(domain, selector);
        Console.Out.WriteLine($"; The key is in {path}, readable by you alone; the relay's user must be its owner.");
        Console.Out.WriteLine("; Publish both records. They hold the same key: the first serves every verifier of mail, the second, of service");
        Console.Out.WriteLine("; type tlsrpt, those that ask for it in reports (RFC 8460 section 3); ordinary mail may not use that one (RFC 6376");
        Console.Out.WriteLine("; section 3.6.1). Every report is signed for both.");
        Console.Out.WriteLine(records[0]);
        Console.Out.WriteLine(records[1]);
        Console.Out.WriteLine("; Then set, in the relay's configuration:");
        Console.Out.WriteLine($";   TlsRpt:Dkim:Domain    {domain}");
        Console.Out.WriteLine($";   TlsRpt:Dkim:Selector  {selector}");
        Console.Out.WriteLine($";   TlsRpt:Dkim:KeyFile   {path}");
    }
}
