using Relay.Mail;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Policies;

namespace Relay.Diagnosis;

/// <summary>What to do about each way a policy cannot be had.</summary>
internal static class FetchRemedies
{
    private const string Path = "/.well-known/mta-sts.txt";

    /// <summary>The step that failed, with its remedy.</summary>
    public static CheckStep StepFor(PolicyFailure failure, DomainName domain) => failure.Reason switch
    {
        "policy-host-not-found" => Host(failure, $"Publish A or AAAA records for mta-sts.{domain}"),
        "policy-host-temporary-dns-failure" => Host(failure, "Mend the domain's name servers, or the resolver used here (Dns:Servers)"),
        "policy-host-private-address" => Host(failure, "Publish public addresses; senders do not connect to private ones"),
        "certificate-not-trusted" => Certificate(failure, "Use a certificate of a public authority and send its intermediates with it"),
        "certificate-expired" => Certificate(failure, "Renew the certificate, and see to it that renewal is automatic"),
        "certificate-host-mismatch" => Certificate(failure, $"Use a certificate with the DNS name mta-sts.{domain}"),
        "connect-failure" => Https(failure, "Open port 443 of the policy host to the whole Internet"),
        "tls-handshake-failure" => Https(failure, $"Serve TLS 1.2 or newer, with a certificate for mta-sts.{domain}"),
        "timeout" => Https(failure, "Make the policy host answer within a minute"),
        "content-type" => Https(failure, "Serve the file as Content-Type: text/plain"),
        "content-encoding" => Https(failure, "Serve the file without compression"),
        _ when failure.Reading is { } reading => CheckStep.Failed("policy", failure.Detail, RemedyFor(reading.Fault, domain)),
        _ when failure.Reason.StartsWith("http-status-3", StringComparison.Ordinal) => Https(
            failure, $"Serve the file at https://mta-sts.{domain}{Path} itself: senders do not follow redirects"),
        _ when failure.Reason.StartsWith("http-status-", StringComparison.Ordinal) => Https(
            failure, $"Make https://mta-sts.{domain}{Path} answer 200"),
        _ => Https(failure, $"Make the web server answer https://mta-sts.{domain}{Path} with one whole HTTP response"),
    };

    private static CheckStep Host(PolicyFailure failure, string remedy) => CheckStep.Failed("policy-host", failure.Detail, remedy);

    private static CheckStep Certificate(PolicyFailure failure, string remedy) =>
        CheckStep.Failed("certificate", failure.Detail, remedy);

    private static CheckStep Https(PolicyFailure failure, string remedy) => CheckStep.Failed("https", failure.Detail, remedy);

    private static string RemedyFor(PolicyFault fault, DomainName domain) => fault switch
    {
        PolicyFault.TooLarge => "Shorten the file to 64 KiB at most; wildcards cover many MX hosts with one line",
        PolicyFault.BadCharacter => "Save the file as UTF-8 without control characters and without a byte order mark",
        PolicyFault.FieldMalformed => "Write every line as name: value, the name directly before the colon",
        PolicyFault.VersionUnsupported or PolicyFault.VersionMissing => "Write the line: version: STSv1",
        PolicyFault.ModeUnknown or PolicyFault.ModeMissing => "Write one line mode: with enforce, testing or none in small letters",
        PolicyFault.MaxAgeMalformed or PolicyFault.MaxAgeMissing =>
            "Write the line max_age: with seconds in digits, for example max_age: 2592000",
        PolicyFault.MxMissing => $"Write one line for each MX host, for example mx: mail.{domain}",
        _ => $"Write one host name to an mx line, A-labels only: mx: mail.{domain} or mx: *.{domain}",
    };
}
