using Relay.Delivery.Tests.Lab;
using Relay.Tls;

namespace Relay.Delivery.Tests.Tls;

public class SessionVectorTests
{
    public static TheoryData<string> Events => SessionVectors.Events;

    [Theory] // TLS-09, TLS-10, TLS-16, CERT-02 to CERT-08: cert-result.json, column no_policy
    [MemberData(nameof(Events))]
    public async Task Deliver_WithoutDemand_GoesAsTheVectorSays(string name)
    {
        await using var lab = new DeliveryLab();
        var vector = SessionVectors.Read(name);
        var host = lab.StartMx("a.test", SessionVectors.Host, SessionVectors.BehaviorOf(name, lab));

        var attempt = await lab.DeliverAsync("a.test");

        AssertOutcome(vector.NoPolicy, attempt);
        if (vector.NoPolicy.StartsWith("deliver", StringComparison.Ordinal))
        {
            Assert.Equal(vector.NoPolicy != "deliver-plaintext", (await host.SingleMessageAsync()).IsTls);
        }

        var counted = attempt.Sessions.Where(session => session.IsFirstUse).Select(session => session.Result).ToList();
        switch (vector.Counts)
        {
            case "none":
                Assert.Empty(counted);
                break;
            case "success":
                Assert.Equal(TlsSessionResult.Established, Assert.Single(counted));
                break;
            default:
                Assert.Equal(vector.ResultType, ResultTypeOf(Assert.Single(counted)));
                break;
        }
    }

    [Theory] // TLS-07, TLS-08, CERT-02 to CERT-08: cert-result.json, column enforce
    [MemberData(nameof(Events))]
    public async Task Deliver_VerifiedTlsDemanded_GoesAsTheVectorSays(string name)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = "a.test";
        lab.Settings["Relay:Routes:0:Tls"] = "VerifiedPkix";
        var vector = SessionVectors.Read(name);
        var host = lab.StartMx("a.test", SessionVectors.Host, SessionVectors.BehaviorOf(name, lab));

        var attempt = await lab.DeliverAsync("a.test");

        AssertOutcome(vector.Enforce == "not-applicable" ? "defer" : vector.Enforce, attempt);
        Assert.DoesNotContain(host.Commands, command => command.Verb is "MAIL" or "RCPT" or "DATA" && !command.IsTls);
        if (attempt.Recipients[0].Outcome is DeliveryOutcome.Deferred deferred && vector.Status is { } status
            && vector.Enforce == "defer")
        {
            Assert.Equal(status, deferred.Status.ToString());
        }

        if (name.StartsWith("cert-", StringComparison.Ordinal) && vector.Enforce == "defer")
        {
            // TLS-07, RFC 3207 §4.1: QUIT is sent at once.
            Assert.Equal("QUIT", host.Connections[0].Commands[^1].Verb);
            AssertFaults(vector.ResultType!, Assert.Single(attempt.Sessions).Tls!.Verdict);
            Assert.False(attempt.Sessions[0].SatisfiesRequirement);
            Assert.Single(lab.Log.Named("tls-failed"));
        }
    }

    private static void AssertOutcome(string expected, DeliveryAttempt attempt)
    {
        var outcome = attempt.Recipients[0].Outcome;
        switch (expected)
        {
            case "deliver":
                Assert.True(attempt.AssertDelivered().Hop.Tls!.Verdict.IsVerified);
                break;
            case "deliver-unverified-tls":
                Assert.False(attempt.AssertDelivered().Hop.Tls!.Verdict.IsVerified);
                break;
            case "deliver-plaintext":
                Assert.Null(attempt.AssertDelivered().Hop.Tls);
                break;
            case "bounce":
                Assert.IsType<DeliveryOutcome.Bounced>(outcome);
                break;
            default:
                Assert.Equal("defer", expected);
                Assert.IsType<DeliveryOutcome.Deferred>(outcome);
                break;
        }
    }

    private static void AssertFaults(string resultType, CertificateVerdict verdict)
    {
        var fault = resultType switch
        {
            "certificate-host-mismatch" => CertificateFaults.HostMismatch,
            "certificate-expired" => CertificateFaults.Expired,
            _ => CertificateFaults.NotTrusted,
        };
        Assert.True(verdict.Faults.HasFlag(fault), $"{verdict}");
        Assert.NotEmpty(verdict.Detail);
    }

    private static string ResultTypeOf(TlsSessionResult result) => result switch
    {
        TlsSessionResult.StartTlsNotOffered or TlsSessionResult.StartTlsRefused => "starttls-not-supported",
        _ => "validation-failure",
    };
}
