using Relay.Mail;
using Relay.MtaSts.Discovery;

namespace Relay.Diagnosis;

/// <summary>What to do about each way a policy cannot be had.</summary>
internal static class FetchRemedies
{
    private const string Path = "/.well-known/mta-sts.txt";

    /// <summary>The step that failed, with its remedy; not for a file that is no policy.</summary>
    public static CheckStep StepFor(PolicyFailure failure, DomainName domain) => failure.Reason switch
    {
        "policy-host-not-found" => Host(failure, $"Publish A or AAAA records for mta-sts.{domain}"),
        "policy-host-temporary-dns-failure" => Host(failure, "Mend the domain's name servers, or the resolver used here (Dns:Servers)"),
        "policy-host-private-address" => Host(failure, "Publish public addresses; senders do not connect to private ones"),
        _ when failure.Certificate is { } verdict => CheckStep.Failed(
            "certificate", failure.Detail, CertificateRemedies.For($"mta-sts.{domain}", verdict)),
        "connect-failure" => Https(failure, "Open port 443 of the policy host to the whole Internet"),
        "tls-handshake-failure" => Https(failure, $"Serve TLS 1.2 or newer, with a certificate for mta-sts.{domain}"),
        "timeout" => Https(failure, "Make the policy host answer within a minute"),
        "content-type" => Https(failure, "Serve the file with one field Content-Type: text/plain"),
        "http-header-too-large" => Https(failure, "Shorten the header of the answer: security headers and cookies are not needed here"),
        "content-encoding" => Https(failure, "Serve the file without compression"),
        "http-status-300" or "http-status-304" => Https(failure, $"Make https://mta-sts.{domain}{Path} answer 200 with the file itself"),
        _ when failure.Reason.StartsWith("http-status-3", StringComparison.Ordinal) => Https(
            failure, $"Serve the file at https://mta-sts.{domain}{Path} itself: senders do not follow redirects"),
        _ when failure.Reason.StartsWith("http-status-", StringComparison.Ordinal) => Https(
            failure, $"Make https://mta-sts.{domain}{Path} answer 200"),
        _ => Https(failure, $"Make the web server answer https://mta-sts.{domain}{Path} with one whole HTTP response"),
    };

    private static CheckStep Host(PolicyFailure failure, string remedy) => CheckStep.Failed("policy-host", failure.Detail, remedy);

    private static CheckStep Https(PolicyFailure failure, string remedy) => CheckStep.Failed("https", failure.Detail, remedy);
}
