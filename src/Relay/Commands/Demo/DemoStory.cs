namespace Relay.Commands.Demo;

/// <summary>The domains of the demo: the lab is set up for each, and what a correct relay makes of it is said.</summary>
internal static class DemoStory
{
    /// <summary>The domain that was good when its policy was first seen, and is attacked afterwards.</summary>
    public const string Remembered = "remembered.test";

    private const string Attacker = "mx.attacker.test";

    /// <summary>Sets up everything as it is at the beginning.</summary>
    public static IReadOnlyList<DemoCase> Stage(DemoInternet lab) =>
    [
        Good(lab),
        SecondMx(lab),
        UnlistedMx(lab),
        Expired(lab),
        Stripped(lab),
        RememberedPolicy(lab),
        Testing(lab),
        SelfSigned(lab),
        Plain(lab),
    ];

    /// <summary>The attack on <see cref="Remembered"/>: nothing of its policy can be seen any more, and mail is led elsewhere.</summary>
    public static void Attack(DemoInternet lab)
    {
        lab.Silence(Remembered);
        lab.RemoveMx(Remembered);
        lab.AddMx(Remembered, 10, "mx.elsewhere.test", authority => authority.Issue("mx.elsewhere.test"));
    }

    // RFC 8461 §5: listed, STARTTLS, a certificate of a trusted authority for its name.
    private static DemoCase Good(DemoInternet lab)
    {
        lab.Publish("good.test", "enforce", "mx.good.test");
        lab.AddMx("good.test", 10, "mx.good.test", authority => authority.Issue("mx.good.test"));
        return new DemoCase(
            "good.test", "nothing", "enforce", DemoOutcome.DeliveredVerified, "mx.good.test",
            "The MX is listed in the policy, and its certificate proves its name.");
    }

    // RFC 8461 §5.1: an MX that fails is passed over, the next one is tried.
    private static DemoCase SecondMx(DemoInternet lab)
    {
        lab.Publish("second.test", "enforce", "*.second.test");
        lab.AddMx("second.test", 10, Attacker, authority => authority.Issue(Attacker));
        lab.AddMx("second.test", 20, "mx2.second.test", authority => authority.Issue("mx2.second.test"));
        return new DemoCase(
            "second.test", "DNS puts a foreign MX first", "enforce", DemoOutcome.DeliveredVerified, "mx2.second.test",
            "The foreign MX is not listed and was passed over; the second MX is listed and proved its name.");
    }

    private static DemoCase UnlistedMx(DemoInternet lab)
    {
        lab.Publish("unlisted.test", "enforce", "mx.unlisted.test");
        lab.AddMx("unlisted.test", 10, "mx.thief.test", authority => authority.Issue("mx.thief.test"));
        return new DemoCase(
            "unlisted.test", "DNS names only a foreign MX", "enforce", DemoOutcome.Deferred, null,
            "Not in the policy, however good its certificate: no connection was made, the message waits.");
    }

    private static DemoCase Expired(DemoInternet lab)
    {
        lab.Publish("expired.test", "enforce", "mx.expired.test");
        lab.AddMx("expired.test", 10, "mx.expired.test", authority => authority.IssueExpired("mx.expired.test"));
        return new DemoCase(
            "expired.test", "certificate expired yesterday", "enforce", DemoOutcome.Deferred, null,
            "The certificate no longer proves anything; the message waits until it is renewed.");
    }

    private static DemoCase Stripped(DemoInternet lab)
    {
        lab.Publish("stripped.test", "enforce", "mx.stripped.test");
        lab.AddMx("stripped.test", 10, "mx.stripped.test", certificate: null);
        return new DemoCase(
            "stripped.test", "somebody on the way removes STARTTLS", "enforce", DemoOutcome.Deferred, null,
            "The policy demands TLS; without STARTTLS nothing is sent, the message waits.");
    }

    // RFC 8461 §10.2: a policy once seen outlives the attacker who hides it.
    private static DemoCase RememberedPolicy(DemoInternet lab)
    {
        lab.Publish(Remembered, "enforce", "mx.remembered.test");
        lab.AddMx(Remembered, 10, "mx.remembered.test", authority => authority.Issue("mx.remembered.test"));
        return new DemoCase(
            Remembered, "since the first message: record gone, policy host down, MX moved, relay restarted", "enforce",
            DemoOutcome.Deferred, null,
            "The policy was seen once and is remembered: the new MX is not in it, the message waits.");
    }

    // RFC 8461 §5: testing changes nothing in delivery.
    private static DemoCase Testing(DemoInternet lab)
    {
        lab.Publish("testing.test", "testing", "mx.testing.test");
        lab.AddMx("testing.test", 10, "mx.testing.test", authority => authority.IssueSelfSigned("mx.testing.test"));
        return new DemoCase(
            "testing.test", "self-signed certificate", "testing", DemoOutcome.DeliveredUnverified, "mx.testing.test",
            "Mode testing refuses nothing; the log says what enforce would have refused (sts-testing).");
    }

    private static DemoCase SelfSigned(DemoInternet lab)
    {
        lab.AddMx("selfsigned.test", 10, "mx.selfsigned.test", authority => authority.IssueSelfSigned("mx.selfsigned.test"));
        return new DemoCase(
            "selfsigned.test", "self-signed certificate", "none", DemoOutcome.DeliveredUnverified, "mx.selfsigned.test",
            "Without a policy TLS is used where it is offered, with any certificate: better than clear text.");
    }

    private static DemoCase Plain(DemoInternet lab)
    {
        lab.AddMx("plain.test", 10, "mx.plain.test", certificate: null);
        return new DemoCase(
            "plain.test", "the MX has no STARTTLS", "none", DemoOutcome.DeliveredInClear, "mx.plain.test",
            "Without a policy nothing tells a server without TLS from an attack; mail goes in clear.");
    }
}
