using Relay.Delivery.Tests.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Mx;
using Relay.Tls;

namespace Relay.Delivery.Tests.Tls;

public class VerdictTests
{
    private const string Host = SessionVectors.Host;

    [Theory] // CERT-06, RFC 8460 §4.3.1: each defect on its own, and side by side (choice 23)
    [InlineData("good", CertificateFaults.None, "")]
    [InlineData("expired", CertificateFaults.Expired, "")]
    [InlineData("not-yet", CertificateFaults.NotTrusted, "certificate-not-yet-valid")]
    [InlineData("old-issuer", CertificateFaults.NotTrusted, "issuer-expired")]
    [InlineData("self-signed", CertificateFaults.NotTrusted, "self-signed-certificate")]
    [InlineData("other-root", CertificateFaults.NotTrusted, "")]
    [InlineData("no-intermediate", CertificateFaults.NotTrusted, "incomplete-chain")]
    [InlineData("usage", CertificateFaults.NotTrusted, "invalid-key-usage")]
    [InlineData("name", CertificateFaults.HostMismatch, "")]
    [InlineData("expired-name", CertificateFaults.Expired | CertificateFaults.HostMismatch, "")]
    [InlineData("self-signed-name", CertificateFaults.NotTrusted | CertificateFaults.HostMismatch, "self-signed-certificate")]
    public async Task Verdict_Certificates_NamesEveryFault(string kind, CertificateFaults faults, string reason)
    {
        await using var lab = new DeliveryLab();
        lab.StartMx("a.test", Host, new MxBehavior { Certificate = Issue(lab, kind) });

        var session = Assert.Single((await lab.DeliverAsync("a.test")).Sessions);

        Assert.Equal(faults, session.Tls!.Verdict.Faults);
        if (reason.Length > 0)
        {
            Assert.Equal(reason, session.Reason);
        }
    }

    [Fact] // CERT-01, RFC 9525 §6.2, RFC 8461 §4.1; rows cert-matches-cname-target-only and -reverse-dns-only
    public async Task Verdict_MxIsAnAlias_OnlyTheNameInTheMxRecordCounts()
    {
        await using var lab = new DeliveryLab();
        lab.StartHost("target.test", new MxBehavior { Certificate = lab.Authority.Issue("target.test") });
        lab.Dns.AddMx("a.test", 10, Host).AddAlias(Host, "target.test");

        var session = Assert.Single((await lab.DeliverAsync("a.test")).Sessions);

        Assert.Equal(CertificateFaults.HostMismatch, session.Tls!.Verdict.Faults);
    }

    [Fact] // TLS-17, RFC 6066 §3
    public async Task Handshake_HostWithName_IsAskedForByName()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartMx("a.test", "MX.a.test.", lab.WithTls(Host));

        await lab.DeliverAsync("a.test");

        Assert.Equal("mx.a.test", Assert.Single(host.Connections).ServerName);
    }

    [Fact] // TLS-17, RFC 6066 §3; CERT-05
    public async Task Handshake_AddressLiteral_SendsNoServerNameAndVerifiesNothing()
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:AllowAddressLiterals"] = "true";
        var address = DeliveryLab.NewAddress();
        var host = lab.StartHost(
            "unused.test", new MxBehavior { Certificate = lab.Authority.IssueForAddresses(address) }, address);

        var delivered = (await lab.DeliverAsync($"[{address}]")).AssertDelivered();

        Assert.Equal(string.Empty, Assert.Single(host.Connections).ServerName);
        Assert.True(delivered.Hop.Tls!.Verdict.Faults.HasFlag(CertificateFaults.HostMismatch));
    }

    [Theory] // TLS-15, RFC 9325 §3.1.1
    [InlineData(false)]
    [InlineData(true)]
    public async Task Handshake_Versions_OneThreeIsPreferredAndOneTwoTaken(bool onlyTls12)
    {
        await using var lab = new DeliveryLab();
        var behavior = lab.WithTls(Host);
        var host = lab.StartMx("a.test", Host, onlyTls12
            ? behavior with { Protocols = System.Security.Authentication.SslProtocols.Tls12 }
            : behavior);

        await lab.DeliverAsync("a.test");

        Assert.Equal(
            onlyTls12 ? System.Security.Authentication.SslProtocols.Tls12 : System.Security.Authentication.SslProtocols.Tls13,
            Assert.Single(host.Connections).TlsVersion);
    }

    private static LabCertificate Issue(DeliveryLab lab, string kind) => kind switch
    {
        "good" => lab.Authority.Issue(Host),
        "expired" => lab.Authority.IssueExpired(Host),
        "not-yet" => lab.Authority.IssueNotYetValid(Host),
        "old-issuer" => lab.Authority.IssueUnderExpiredIssuer(Host),
        "self-signed" => lab.Authority.IssueSelfSigned(Host),
        "other-root" => new LabCertificateAuthority("Other", lab.Clock).Issue(Host),
        "no-intermediate" => lab.Authority.IssueWithoutIntermediate(Host),
        "usage" => lab.Authority.IssueForClients(Host),
        "name" => lab.Authority.IssueWrongName(),
        "expired-name" => lab.Authority.IssueExpired("other.test"),
        _ => lab.Authority.IssueSelfSigned("other.test"),
    };
}
