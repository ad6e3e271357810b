using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Mx;

namespace Relay.Tests.Enforcement;

/// <summary>The world as a row of scope session or routing describes it, for a domain of its own.</summary>
internal sealed class SessionScene(PolicyLab lab, EnforcementRow row, string mode) : IDisposable
{
    // Spelt as a number, for the name is obsolete: the lab speaks TLS 1.1 to see it refused.
    private const SslProtocols Tls11 = (SslProtocols)768;

    private readonly List<IDisposable> _held = [];

    public string Domain { get; } = row.Domain(mode);

    /// <summary>The domain whose policy is applied.</summary>
    public string PolicyDomain { get; private set; } = row.Domain(mode);

    /// <summary>Where the message goes.</summary>
    public string Recipient { get; private set; } = $"ann@{row.Domain(mode)}";

    /// <summary>The only name in the policy.</summary>
    public string Listed { get; private set; } = $"mx.{row.Domain(mode)}";

    /// <summary>The host the row is about; null when none can be reached.</summary>
    public LabMx? Host { get; private set; }

    /// <summary>A preferred host that the policy does not list; null for none.</summary>
    public LabMx? Unlisted { get; private set; }

    /// <summary>The time limit that has to pass; null for none.</summary>
    public TimeSpan? Limit { get; private set; }

    public void SetUp()
    {
        switch (row.Event)
        {
            case "mx-not-in-policy":
                Listed = $"listed.{Domain}";
                Serve(lab.Good($"mx.{Domain}"));
                break;
            case "mx-not-in-policy-implicit-mx":
                Host = lab.AddGoodMx(Domain);
                lab.Point(Domain, Host);
                break;
            case "mx-not-in-policy-some-match":
                Serve(lab.Good(Listed));
                Unlisted = lab.AddGoodMx($"other.{Domain}");
                lab.Point($"other.{Domain}", Unlisted);
                lab.SetMx(Domain, $"other.{Domain}", Listed);
                break;
            case "cert-matches-cname-target-only":
                Serve(PolicyLab.With(Listed, lab.Authority.Issue($"target.{Domain}")));
                lab.Point($"target.{Domain}", Host!);
                lab.Dns.Zone.Remove(Listed).AddCname(Listed, $"target.{Domain}");
                break;
            case "cert-idn-a-label":
                Listed = $"xn--bcher-kva.{Domain}";
                Serve(lab.Good(Listed));
                break;
            case "connect-refused":
                lab.Dns.Zone.AddMx(Domain, 10, Listed).AddA(Listed, "127.22.0.1");
                break;
            case "connect-timeout":
                Deafen();
                break;
            case "tls-handshake-timeout" or "greeting-timeout":
                Serve(Behave(lab.Good(Listed)));
                Limit = row.Event == "greeting-timeout" ? TableRelay.GreetingTimeout : TableRelay.HandshakeTimeout;
                break;
            default:
                SetUpRoute();
                break;
        }
    }

    public void Dispose() => _held.ForEach(held => held.Dispose());

    private void SetUpRoute()
    {
        switch (row.Event)
        {
            case "null-mx":
                lab.Dns.Zone.AddMx(Domain, 0, ".");
                break;
            case "mx-nxdomain":
                lab.Dns.SetFault(Domain, LabDnsType.Mx, new LabDnsFault.Code(3));
                break;
            case "mx-dns-temporary-failure":
                lab.Dns.SetFault(Domain, LabDnsType.Mx, LabDnsFault.ServerFailure);
                break;
            case "recipient-address-literal":
                Host = lab.AddGoodMx(Listed);
                Recipient = $"ann@[{Host.EndPoint.Address}]";
                break;
            case "subdomain-of-policy-domain":
                Serve(lab.Good(Listed));
                lab.Publish(Domain[(Domain.IndexOf('.', StringComparison.Ordinal) + 1)..], "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, "else.test"));
                break;
            case "smart-host-route":
                PolicyDomain = TableRelay.SmartHost(mode);
                Host = lab.AddGoodMx(PolicyDomain);
                lab.Point(PolicyDomain, Host);
                break;
            default:
                Serve(Behave(lab.Good(Listed)));
                break;
        }
    }

    private void Serve(MxBehavior behavior)
    {
        Host = lab.AddMx(behavior);
        lab.Point(behavior.HostName, Host);
        lab.SetMx(Domain, behavior.HostName);
    }

    // A listener whose queue is full: the kernel drops what comes next, and a client waits.
    private void Deafen()
    {
        var deaf = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        var address = new IPAddress([127, 21, 0, (byte)(1 + Array.IndexOf(EnforcementRow.Modes, mode))]);
        deaf.Bind(new IPEndPoint(address, lab.MxPort));
        deaf.Listen(0);
        var filler = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        filler.Connect(deaf.LocalEndPoint!);
        _held.AddRange([deaf, filler]);
        lab.Dns.Zone.AddMx(Domain, 10, Listed).AddA(Listed, address.ToString());
        Limit = TableRelay.ConnectTimeout;
    }

    private MxBehavior Behave(MxBehavior good) => row.Event switch
    {
        "starttls-not-offered" or "starttls-withdrawn" => good with { OffersStartTls = false },
        "starttls-refused-454" => good.At("STARTTLS", MxAction.Reply("454 4.7.0 Not now")),
        "starttls-refused-5xx" => good.At("STARTTLS", MxAction.Reply("502 5.5.1 Never")),
        "ehlo-rejected-helo-used" => good.At("EHLO", MxAction.Reply("502 5.5.1 Unknown")),
        "starttls-response-injection" => good with { InjectedAfterStartTls = "250 mx.test\r\n" },
        "tls-handshake-alert" or "tls-no-shared-cipher" => good with
        {
            // The lab's keys are elliptic: with a suite for RSA alone there is nothing to agree on.
            Protocols = SslProtocols.Tls12,
            CipherSuites = new CipherSuitesPolicy([TlsCipherSuite.TLS_RSA_WITH_AES_256_GCM_SHA384]),
        },
        "tls-handshake-closed" => good with { Handshake = MxHandshake.CloseInstead },
        "tls-handshake-timeout" => good with { Handshake = MxHandshake.Stall },
        "tls-version-below-1.2" => good with { Protocols = Tls11 },
        "tls-ok-ehlo-after-tls-fails" => good
            .At(new MxRule("EHLO", MxAction.Reply("250-mx.test", "250 STARTTLS")) { Times = 1 })
            .At("EHLO", MxAction.Reply("451 4.3.0 Not now")),
        "greeting-4xx" => good.At(MxRule.Connect, MxAction.ReplyAndClose("421 4.3.2 Later")),
        "greeting-554" => good.At(MxRule.Connect, MxAction.ReplyAndClose("554 5.3.2 No service")),
        "greeting-timeout" => good.At(MxRule.Connect, MxAction.Stall),
        "rcpt-4xx-after-tls" => good.At("RCPT", MxAction.Reply("450 4.2.1 Later")),
        "rcpt-5xx-after-tls" => good.At("RCPT", MxAction.Reply("550 5.1.1 Never")),
        "data-5xx-after-tls" => good.At(MxRule.EndOfData, MxAction.Reply("554 5.6.0 Never")),
        "connection-lost-after-tls" => good.At("DATA", MxAction.Close),
        "plaintext-fallback-refused-530" => (good with { Handshake = MxHandshake.CloseInstead })
            .At("MAIL", MxAction.Reply("530 5.7.0 Must issue a STARTTLS command first")),
        _ => good with { Certificate = Certificate() },
    };

    private LabCertificate Certificate()
    {
        var (authority, parent) = (lab.Authority, Domain[(Domain.IndexOf('.', StringComparison.Ordinal) + 1)..]);
        return row.Event switch
        {
            "tls-valid-mx-match" => authority.Issue(Listed),
            "cert-expired" => authority.IssueExpired(Listed),
            "cert-not-yet-valid" => authority.IssueNotYetValid(Listed),
            "cert-chain-element-expired" => authority.IssueUnderExpiredIssuer(Listed),
            "cert-self-signed" => authority.IssueSelfSigned(Listed),
            "cert-untrusted-root" => Foreign(),
            "cert-missing-intermediate" => authority.IssueWithoutIntermediate(Listed),
            "cert-name-mismatch" or "cert-default-without-sni" => authority.IssueWrongName(),
            "cert-matches-policy-domain-only" => authority.Issue(Domain),
            "cert-matches-reverse-dns-only" => authority.Issue($"host-127-20.{Domain}"),
            "cert-wildcard-san-match" => authority.Issue($"*.{Domain}"),
            "cert-wildcard-san-two-labels" => authority.Issue($"*.{parent}"),
            "cert-wildcard-san-apex" => authority.Issue($"*.{Listed}"),
            "cert-wildcard-san-partial-label" => authority.Issue($"m*.{Domain}"),
            "cert-cn-only" => authority.IssueCommonNameOnly(Listed),
            "cert-cn-mismatch-san-match" => authority.Issue("other.test", Listed),
            "cert-ip-san-only" => authority.IssueForAddresses(IPAddress.Parse("127.20.0.1")),
            "cert-case-insensitive-san" => authority.Issue(Listed.ToUpperInvariant()),
            "cert-wrong-extended-key-usage" => authority.IssueForClients(Listed),
            "cert-expired-and-name-mismatch" => authority.IssueExpired("other.test"),
            _ => throw new ArgumentOutOfRangeException(nameof(row), row.Event, "the table has a row without a scene"),
        };
    }

    private LabCertificate Foreign()
    {
        var other = new LabCertificateAuthority("Other", lab.Clock);
        _held.Add(other);
        return other.Issue(Listed);
    }
}
