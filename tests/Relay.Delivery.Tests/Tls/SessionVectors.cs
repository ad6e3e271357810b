using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using Relay.Delivery.Tests.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Mx;

namespace Relay.Delivery.Tests.Tls;

/// <summary>The session rows of cert-result.json that the lab can make, by event.</summary>
internal static class SessionVectors
{
    public const string Host = "mx.a.test";

    // Spelt as a number, for the name is obsolete: the lab speaks TLS 1.1 to see it refused.
    private const SslProtocols Tls11 = (SslProtocols)768;

    private static readonly Dictionary<string, Func<DeliveryLab, MxBehavior>> Behaviors = new()
    {
        ["tls-valid-mx-match"] = lab => lab.WithTls(Host),
        ["starttls-not-offered"] = lab => lab.WithTls(Host) with { OffersStartTls = false },
        ["starttls-refused-454"] = lab => lab.WithTls(Host).At("STARTTLS", MxAction.Reply("454 4.7.0 Not now")),
        ["starttls-refused-5xx"] = lab => lab.WithTls(Host).At("STARTTLS", MxAction.Reply("502 5.5.1 Never")),
        ["ehlo-rejected-helo-used"] = lab => lab.WithTls(Host).At("EHLO", MxAction.Reply("502 5.5.1 Unknown")),
        ["starttls-response-injection"] = lab => lab.WithTls(Host) with { InjectedAfterStartTls = "250 mx.a.test\r\n" },
        ["tls-handshake-alert"] = lab => lab.WithTls(Host) with { Handshake = MxHandshake.CloseAfter },
        ["tls-handshake-closed"] = lab => lab.WithTls(Host) with { Handshake = MxHandshake.CloseInstead },
        ["tls-version-below-1.2"] = lab => lab.WithTls(Host) with { Protocols = Tls11 },
        ["cert-expired"] = lab => With(lab.Authority.IssueExpired(Host)),
        ["cert-not-yet-valid"] = lab => With(lab.Authority.IssueNotYetValid(Host)),
        ["cert-chain-element-expired"] = lab => With(lab.Authority.IssueUnderExpiredIssuer(Host)),
        ["cert-self-signed"] = lab => With(lab.Authority.IssueSelfSigned(Host)),
        ["cert-untrusted-root"] = lab => With(new LabCertificateAuthority("Other", lab.Clock).Issue(Host)),
        ["cert-missing-intermediate"] = lab => With(lab.Authority.IssueWithoutIntermediate(Host)),
        ["cert-name-mismatch"] = lab => With(lab.Authority.IssueWrongName()),
        ["cert-matches-policy-domain-only"] = lab => With(lab.Authority.Issue("a.test")),
        ["cert-wildcard-san-match"] = lab => With(lab.Authority.Issue("*.a.test")),
        ["cert-wildcard-san-two-labels"] = lab => With(lab.Authority.Issue("*.test")),
        ["cert-wildcard-san-apex"] = lab => With(lab.Authority.Issue("*.mx.a.test")),
        ["cert-cn-only"] = lab => With(lab.Authority.IssueCommonNameOnly(Host)),
        ["cert-cn-mismatch-san-match"] = lab => With(lab.Authority.Issue("other.test", Host)),
        ["cert-ip-san-only"] = lab => With(lab.Authority.IssueForAddresses(IPAddress.Loopback)),
        ["cert-case-insensitive-san"] = lab => With(lab.Authority.Issue("MX.A.Test")),
        ["cert-wrong-extended-key-usage"] = lab => With(lab.Authority.IssueForClients(Host)),
        ["cert-expired-and-name-mismatch"] = lab => With(lab.Authority.IssueExpired("other.test")),
        ["tls-ok-ehlo-after-tls-fails"] = lab => lab.WithTls(Host)
            .At(new MxRule("EHLO", MxAction.Reply("250-mx.a.test", "250 STARTTLS")) { Times = 1 })
            .At("EHLO", MxAction.Reply("451 4.3.0 Not now")),
        ["greeting-4xx"] = lab => lab.WithTls(Host).At(MxRule.Connect, MxAction.ReplyAndClose("421 4.3.2 Later")),
        ["greeting-554"] = lab => lab.WithTls(Host).At(MxRule.Connect, MxAction.ReplyAndClose("554 5.3.2 No service")),
        ["rcpt-4xx-after-tls"] = lab => lab.WithTls(Host).At("RCPT", MxAction.Reply("450 4.2.1 Later")),
        ["rcpt-5xx-after-tls"] = lab => lab.WithTls(Host).At("RCPT", MxAction.Reply("550 5.1.1 Never")),
        ["data-5xx-after-tls"] = lab => lab.WithTls(Host).At(MxRule.EndOfData, MxAction.Reply("554 5.6.0 Never")),
        ["connection-lost-after-tls"] = lab => lab.WithTls(Host).At("DATA", MxAction.Close),
        ["plaintext-fallback-refused-530"] = lab => (lab.WithTls(Host) with { Handshake = MxHandshake.CloseInstead })
            .At("MAIL", MxAction.Reply("530 5.7.0 Must issue a STARTTLS command first")),
    };

    public static TheoryData<string> Events => [.. Behaviors.Keys];

    public static MxBehavior BehaviorOf(string name, DeliveryLab lab) => Behaviors[name](lab);

    public static SessionVector Read(string name)
    {
        using var vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "vectors", "cert-result.json")));
        var row = vectors.RootElement.EnumerateArray().Single(vector => vector.GetProperty("event").GetString() == name);
        return new SessionVector(
            row.GetProperty("enforce").GetString()!,
            row.GetProperty("no_policy").GetString()!,
            row.GetProperty("counts").GetProperty("no_policy").GetString()!,
            row.GetProperty("result_type").GetString(),
            row.TryGetProperty("status", out var status) ? status.GetString() : null);
    }

    private static MxBehavior With(LabCertificate certificate) => new() { HostName = Host, Certificate = certificate };
}

internal sealed record SessionVector(string Enforce, string NoPolicy, string Counts, string? ResultType, string? Status);
