using Relay.Mail;

namespace Relay.Queue.Bounces;

/// <summary>Puts a fault into words for somebody who has never heard of SMTP: what happened, and what can be done.</summary>
/// <param name="What">What happened, a sentence or two.</param>
/// <param name="Advice">What the sender can do.</param>
internal readonly record struct Explanation(string What, string Advice)
{
    private const string OtherWay =
        "Reach the recipient another way, and tell them; the people who run their mail can put it right.";

    private const string CheckAddress = "Check the address, above all what stands behind the @.";

    /// <summary>Explains why a recipient was not reached.</summary>
    public static Explanation Of(NotifiedRecipient recipient)
    {
        var domain = recipient.Envelope.Mailbox.Domain;
        return recipient.Reason switch
        {
            "mx-reply" => Refusal(recipient),
            "no-such-domain" or "bad-domain" => new($"There is no mail domain {domain}.", CheckAddress),
            "null-mx" => new($"The domain {domain} says that it takes no mail at all.", CheckAddress),
            "no-usable-mx" or "no-address" or "mail-loop" => new(
                $"The domain {domain} does not say, or not correctly, where its mail goes.", $"{CheckAddress} {OtherWay}"),
            "target-refused" => new($"The domain {domain} sends its mail to an address where no mail server can be.", OtherWay),
            "message-too-large" => new("The message is larger than the recipient's server takes.", "Send a smaller one."),
            "no-8bitmime" => new(
                "The message contains characters in a form that the recipient's server does not take.",
                "Let your mail program encode the message in 7 bits (quoted-printable or base64), and send it again."),
            "no-smtputf8" => new(
                "An address or the header of the message contains letters that the recipient's server does not take.",
                "Use an address in plain ASCII letters, if there is one."),

            // RFC 8461 §5: what the policy prevented was prevented for the reader's own good, and that is to be said.
            "sts-policy-unknown" => new(
                $"Which protection the recipient's domain requires for its mail could not be determined. {recipient.Text}.", OtherWay),
            "sts-dns-unconfirmed" => new(
                $"The name servers of {domain} say that its mail goes nowhere, but its MTA-STS policy says otherwise, so they are asked "
                + $"again before that is believed. {recipient.Text}.", OtherWay),
            var reason when reason.StartsWith("sts-", StringComparison.Ordinal) => new(
                "The recipient's domain demands, by its MTA-STS policy, that its mail travels encrypted, and only to servers that it "
                + "has named and that prove who they are. No server did so, and the message was not sent without that protection: "
                + $"somebody else might have read or taken it. In detail: {recipient.Text}.",
                OtherWay),
            "starttls-missing" or "starttls-refused" or "handshake-failed" or "certificate-invalid" or "tls-demanded"
                or "plaintext-injected" => new(
                    $"An encrypted connection is required, and the recipient's server did not provide one as it should. {recipient.Text}.", OtherWay),
            "dns-failure" => new(
                $"The name servers of {domain} do not say where its mail goes.", $"{CheckAddress} {OtherWay}"),
            "connect-failed" or "known-unreachable" or "connection-lost" or "timed-out" or "uncertain" or "too-many-connections"
                or "protocol-violation" => new(
                    $"The recipient's server could not be reached, or broke off the connection. {recipient.Text}.", OtherWay),
            _ when recipient.Reply is not null => Refusal(recipient),
            _ => new($"{recipient.Text}.", "If this does not help you, ask the people who run your mail."),
        };
    }

    // RFC 3463 §3: what the subject and detail of the server's own code mean.
    private static Explanation Refusal(NotifiedRecipient recipient)
    {
        var server = recipient.RemoteHost is { } host ? $"The recipient's server {host}" : "The recipient's server";
        var said = recipient.Status.Class == 5 && !recipient.IsExpired ? "refused it" : "did not take it yet";
        return new($"{server} {said}. It said:", AdviceFor(recipient.Status));
    }

    private static string AdviceFor(EnhancedStatusCode status) => (status.Subject, status.Detail) switch
    {
        (1, _) => "Check the address. If it is right, reach the recipient another way.",
        (2, 2) => "The mailbox is full; only the recipient can make room.",
        (2, 3) or (3, 4) => "Send a smaller message.",
        (2, _) => "The mailbox does not take mail now; reach the recipient another way.",
        (7, _) => "The server did not want this message, by a rule of its own. If its words do not say what to change, ask the "
            + "people who run your mail.",
        _ => "If its words do not say what to change, ask the people who run your mail.",
    };
}
