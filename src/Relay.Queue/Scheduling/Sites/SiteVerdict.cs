using Relay.Delivery;

namespace Relay.Queue.Scheduling.Sites;

/// <summary>
/// What an attempt's outcomes say of the site: a message taken is good news whatever happened to other recipients; what a
/// policy, a domain or a reply to the message decided is no news; the rest tells of the hosts themselves.
/// </summary>
internal static class SiteVerdict
{
    // RFC 5321 §4.2.3: 421 is the host asking to be left in peace.
    private const int ServiceNotAvailable = 421;

    /// <summary>Judges an attempt.</summary>
    public static SiteHealth Of(IReadOnlyList<AttemptRecipient> recipients)
    {
        var health = SiteHealth.Neutral;
        foreach (var recipient in recipients)
        {
            switch (recipient.Outcome)
            {
                case DeliveryOutcome.Delivered:
                    return SiteHealth.Good;

                case DeliveryOutcome.Deferred(var failure):
                    health = Judge(failure);
                    break;
            }
        }

        return health;
    }

    /// <summary>What the site failed of; null when nothing says that it did.</summary>
    public static DeliveryFailure? FailureOf(IReadOnlyList<AttemptRecipient> recipients) => recipients
        .Select(recipient => recipient.Outcome is DeliveryOutcome.Deferred(var failure) && Judge(failure) != SiteHealth.Neutral ? failure : null)
        .FirstOrDefault(failure => failure is not null);

    private static SiteHealth Judge(DeliveryFailure failure) => failure.Reason switch
    {
        "connect-failed" or "known-unreachable" or "dns-failure" => SiteHealth.Unreachable,
        "connection-lost" or "timed-out" or "too-many-connections" => SiteHealth.Strained,
        _ when failure.Reply?.Code == ServiceNotAvailable => SiteHealth.Strained,
        _ => SiteHealth.Neutral,
    };
}
