using System.Text.Json;
using Relay.Delivery;
using Relay.Delivery.Observations;
using Relay.MtaSts.Tests.Lab;
using Relay.Tls;

namespace Relay.MtaSts.Tests.Enforcement;

/// <summary>The session rows of cert-result.json whose event the transport can report, under every mode.</summary>
public sealed class SessionTableTests
{
    private const string Domain = "example.test";
    private const string Listed = "mx.example.test";

    // Rows about the network before TLS, about replies after it, and about plain fall-back are the transport's.
    private static readonly string[] TransportsOwn =
    [
        "tls-ok-ehlo-after-tls-fails", "connect-refused", "connect-timeout", "greeting-4xx", "greeting-554", "greeting-timeout",
        "rcpt-4xx-after-tls", "rcpt-5xx-after-tls", "data-5xx-after-tls", "connection-lost-after-tls", "plaintext-fallback-refused-530",
    ];

    private static readonly string[] Modes = ["enforce", "testing", "none", "no_policy"];

    public static TheoryData<string, string> Cases =>
        [.. from row in Vectors.Read("cert-result.json")
            where row.Text("scope") == "session" && !TransportsOwn.Contains(row.Text("event"))
            from mode in Modes
            select new TheoryDataRow<string, string>(row.Text("event"), mode)];

    [Theory] // STS-57 to STS-62, STS-69 to STS-71, RFC 8461 §5, §6, RFC 8460 §4.3
    [MemberData(nameof(Cases))]
    public async Task Session_OfVector_IsDeliveredOrDeferredAndCountedAsExpected(string name, string mode)
    {
        var row = Vectors.Read("cert-result.json").Single(candidate => candidate.Text("event") == name);
        await using var lab = StsLab.Start();
        if (mode != "no_policy")
        {
            lab.Publish(Domain, "1", StsLab.Policy(mode, 86_400, Listed));
        }

        var attempt = Attempt(name);
        await lab.Middleware.InvokeAsync(attempt, Attempts.Transport(host => SessionOf(row)), StsLab.Token);
        AssertOutcome(row, mode, attempt.Recipients[0].Outcome);
        AssertCounted(row, mode, lab.Observations.All);
    }

    private static DeliveryAttempt Attempt(string name) => name switch
    {
        "mx-not-in-policy" => Attempts.To(Domain, "mx.evil.test"),
        "mx-not-in-policy-implicit-mx" => Attempts.To(Domain, Domain),
        "mx-not-in-policy-some-match" => Attempts.To(Domain, "mx.evil.test", Listed),
        _ => Attempts.To(Domain, Listed),
    };

    private static void AssertOutcome(JsonElement row, string mode, DeliveryOutcome? outcome)
    {
        if (row.Text(mode).StartsWith("deliver", StringComparison.Ordinal))
        {
            Assert.IsType<DeliveryOutcome.Delivered>(outcome);
        }
        else if (mode == "enforce")
        {
            Assert.Equal(row.Text("status"), Assert.IsType<DeliveryOutcome.Deferred>(outcome).Status.ToString());
        }
        else
        {
            Assert.IsNotType<DeliveryOutcome.Delivered>(outcome);
        }
    }

    private static void AssertCounted(JsonElement row, string mode, IReadOnlyList<TlsObservation> all)
    {
        var observation = all[0];
        var isFailure = row.GetProperty("counts").Text(mode) == "failure";
        Assert.Equal(isFailure ? ObservationCount.Failure : ObservationCount.Success, observation.Count);
        Assert.Equal(mode is "enforce" or "testing" ? "sts" : "no-policy-found", observation.Policy.Type.ToWord());
        if (!isFailure)
        {
            Assert.Empty(observation.Failures);
            return;
        }

        List<string?> expected = [row.Text("result_type")];
        if (row.TryGetProperty("additional_result_types", out var more))
        {
            expected.AddRange(more.EnumerateArray().Select(type => type.GetString()));
        }

        Assert.Equal(expected, observation.Failures.Select(failure => failure.Type.ToWord()));
        if (row.TryGetProperty("failure_reason_code", out var reason))
        {
            Assert.Equal(reason.GetString(), observation.Failures[0].Reason);
        }
    }

    private static (TlsSessionResult Result, TlsFacts? Tls, string Reason) SessionOf(JsonElement row)
    {
        var name = row.Text("event");
        var reason = row.TryGetProperty("failure_reason_code", out var code) ? code.GetString()! : string.Empty;
        return row.GetProperty("result_type").GetString() switch
        {
            null => (TlsSessionResult.Established, Attempts.Good, string.Empty),
            _ when name.StartsWith("mx-not", StringComparison.Ordinal) => (TlsSessionResult.Established, Attempts.Good, string.Empty),
            _ when name == "starttls-response-injection" => (TlsSessionResult.PlaintextInjected, null, reason),
            _ when name == "tls-no-server-certificate" =>
                (TlsSessionResult.Established, Attempts.Bad(CertificateFaults.NotTrusted | CertificateFaults.HostMismatch, reason), string.Empty),
            "starttls-not-supported" =>
                (name.Contains("refused", StringComparison.Ordinal) ? TlsSessionResult.StartTlsRefused : TlsSessionResult.StartTlsNotOffered, null, reason),
            "certificate-expired" when name == "cert-expired-and-name-mismatch" =>
                (TlsSessionResult.Established, Attempts.Bad(CertificateFaults.Expired | CertificateFaults.HostMismatch), string.Empty),
            "certificate-expired" => (TlsSessionResult.Established, Attempts.Bad(CertificateFaults.Expired), string.Empty),
            "certificate-host-mismatch" => (TlsSessionResult.Established, Attempts.Bad(CertificateFaults.HostMismatch), string.Empty),
            "certificate-not-trusted" => (TlsSessionResult.Established, Attempts.Bad(CertificateFaults.NotTrusted, reason), string.Empty),
            _ => (TlsSessionResult.HandshakeFailed, null, reason),
        };
    }
}
