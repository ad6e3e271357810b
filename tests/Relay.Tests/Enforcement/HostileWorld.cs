using System.Security.Authentication;
using System.Text;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Mx;
using Relay.Lab.PolicyHosts;

namespace Relay.Tests.Enforcement;

/// <summary>
/// A domain with a live enforce policy and one good MX host, and everything that an attacker between it and the relay can do:
/// each deed by its name. The good host is never spoiled; the attacker leads the relay to hosts of his own.
/// </summary>
internal sealed class HostileWorld : IDisposable
{
    public const string Domain = "fire.test";
    public const string Mx = "mx.fire.test";
    public const string Neighbour = "lax.test";

    private const string Record = "_mta-sts.fire.test";
    private const string PolicyHost = "mta-sts.fire.test";
    private const string Attacker = "mx.attacker.test";
    private const SslProtocols Tls11 = (SslProtocols)768;

    private static readonly string Strict = PolicyLab.Policy("enforce", 31_000_000, Mx);
    private static readonly string Weak = PolicyLab.Policy("none", PolicyLab.LongAge);
    private static readonly string Foreign = PolicyLab.Policy("enforce", PolicyLab.LongAge, Attacker, Mx);

    private readonly PolicyLab _lab;
    private readonly LabCertificateAuthority _other;
    private readonly LabCertificate _webCertificate;
    private readonly Dictionary<string, LabMx> _evil = [];
    private readonly Dictionary<string, Action> _deeds = [];
    private int _ids;

    public HostileWorld(PolicyLab lab)
    {
        _lab = lab;
        _other = new LabCertificateAuthority("Other", lab.Clock);
        _webCertificate = lab.Authority.Issue(PolicyHost);
        Good = lab.AddGoodMx(Mx);
        AddHosts();
        AddRecords();
        AddPolicyHosts();
        Heal();
    }

    /// <summary>The only host that may ever see mail for the domain.</summary>
    public LabMx Good { get; }

    public IReadOnlyCollection<LabMx> Evil => _evil.Values;

    public IReadOnlyList<string> Deeds => [.. _deeds.Keys.Order(StringComparer.Ordinal)];

    public void Do(string deed) => _deeds[deed]();

    /// <summary>Everything is as its owner wants it; the neighbour has its mail at the same host.</summary>
    public void Heal()
    {
        _lab.Dns.ClearFaults();
        _lab.Dns.Zone.Remove(Domain);
        _lab.SetMx(Domain, Mx);
        _lab.Point(Mx, Good);
        _lab.Publish(Domain, "live", Strict);
        _lab.Web.Play(PolicyHost, PolicyHostScript.Serve(_webCertificate, Strict));
        _lab.SetMx(Neighbour, Mx);
        _lab.PublishRecord(Neighbour);
    }

    /// <summary>Nothing that could tell of a policy answers any more.</summary>
    public void Silence()
    {
        _lab.Dns.SetFault(Record, LabDnsType.None, LabDnsFault.ServerFailure);
        _lab.Dns.SetFault(PolicyHost, LabDnsType.None, LabDnsFault.ServerFailure);
        _lab.Web.Play(PolicyHost, new PolicyHostScript { Certificate = _webCertificate, Fault = PolicyHostFault.DropBeforeTls });
    }

    public void Dispose()
    {
        _other.Dispose();
        _webCertificate.Dispose();
    }

    // Hosts at the address that DNS gives for the good one's name.
    private void AddHosts()
    {
        var (good, authority) = (_lab.Good(Mx), _lab.Authority);
        AddCertificate("expired", authority.IssueExpired(Mx));
        AddCertificate("self-signed", authority.IssueSelfSigned(Mx));
        AddCertificate("untrusted-root", _other.Issue(Mx));
        AddCertificate("wrong-name", authority.IssueWrongName());
        AddCertificate("policy-domain-only", authority.Issue(Domain));
        AddCertificate("common-name-only", authority.IssueCommonNameOnly(Mx));
        AddCertificate("no-intermediate", authority.IssueWithoutIntermediate(Mx));
        AddCertificate("expired-issuer", authority.IssueUnderExpiredIssuer(Mx));
        AddCertificate("for-clients", authority.IssueForClients(Mx));
        AddCertificate("wide-wildcard", authority.Issue("*.test"));
        var bad = good with { Certificate = authority.IssueWrongName() };
        AddHost("no-starttls", good with { OffersStartTls = false });
        AddHost("starttls-454", good.At("STARTTLS", MxAction.Reply("454 4.7.0 Not now")));
        AddHost("starttls-502", good.At("STARTTLS", MxAction.Reply("502 5.5.1 Never")));
        AddHost("injection", bad with { InjectedAfterStartTls = "250 mx.fire.test\r\n250 Ok\r\n" });
        AddHost("garbage-handshake", good with { Handshake = MxHandshake.Garbage });
        AddHost("closed-handshake", good with { Handshake = MxHandshake.CloseInstead });
        AddHost("closed-after-handshake", bad with { Handshake = MxHandshake.CloseAfter });
        AddHost("tls-1.1", good with { Protocols = Tls11 });
        AddHost("no-ehlo", good.At("EHLO", MxAction.Reply("502 5.5.1 Unknown")));
        AddHost("greeting-421", good.At(MxRule.Connect, MxAction.ReplyAndClose("421 4.3.2 Later")));
        AddHost("greeting-554", good.At(MxRule.Connect, MxAction.ReplyAndClose("554 5.3.2 No")));
        AddHost("dropped-greeting", good.At(MxRule.Connect, MxAction.Reset));
        AddHost("dropped-ehlo", bad.At("EHLO", MxAction.Close));
    }

    private void AddCertificate(string deed, LabCertificate certificate) => AddHost(deed, PolicyLab.With(Mx, certificate));

    private void AddHost(string deed, MxBehavior behavior)
    {
        var host = _evil[deed] = _lab.AddMx(behavior);
        _deeds[$"host {deed}"] = () => _lab.Point(Mx, host);
    }

    private void AddRecords()
    {
        var attacker = _evil["attacker"] = _lab.AddGoodMx(Attacker);
        _lab.Point(Attacker, attacker);
        _lab.SetMx("attacker.test", Attacker);
        _lab.Publish("attacker.test", "weak", Weak);
        var zone = _lab.Dns.Zone;
        _deeds["dns other mx"] = () => _lab.SetMx(Domain, Attacker);
        _deeds["dns preferred other mx"] = () => _lab.SetMx(Domain, Attacker, Mx);
        _deeds["dns mx alias"] = () => zone.Remove(Mx).AddCname(Mx, Attacker);
        _deeds["dns domain alias"] = () => zone.Remove(Domain).AddCname(Domain, "attacker.test");
        _deeds["dns implicit mx"] = () => zone.Remove(Domain).AddA(Domain, attacker.EndPoint.Address.ToString());
        _deeds["dns mx address"] = () => _lab.Point(Mx, attacker);
        _deeds["dns record gone"] = () => _lab.PublishRecord(Domain);
        _deeds["dns record nxdomain"] = () => _lab.Dns.SetFault(Record, LabDnsType.Txt, new LabDnsFault.Code(3));
        _deeds["dns record servfail"] = () => _lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.ServerFailure);
        _deeds["dns record refused"] = () => _lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.Refused);
        _deeds["dns record silent"] = () => _lab.Dns.SetFault(Record, LabDnsType.Txt, new LabDnsFault.Silence());
        _deeds["dns record garbage"] = () => _lab.Dns.SetFault(Record, LabDnsType.Txt, new LabDnsFault.Damaged(LabDnsDamage.Garbage));
        _deeds["dns record forged"] = () => _lab.Dns.SetFault(Record, LabDnsType.Txt, new LabDnsFault.Forged(LabDnsForgery.WrongId, ThenTruth: false));
        _deeds["dns record twice"] = () => _lab.PublishRecord(Domain, "v=STSv1; id=a;", "v=STSv1; id=b;");
        _deeds["dns record broken"] = () => _lab.PublishRecord(Domain, "v=STSv1; id=-;");
        _deeds["dns record alias"] = () => zone.Remove(Record).AddCname(Record, "_mta-sts.attacker.test");
        _deeds["dns all servfail"] = () => _lab.Dns.SetFault(null, LabDnsType.None, LabDnsFault.ServerFailure);
        _deeds["dns policy host gone"] = () => Renew(() => zone.Remove(PolicyHost));
        _deeds["dns policy host alias"] = () => Renew(() => zone.Remove(PolicyHost).AddCname(PolicyHost, "mta-sts.attacker.test"));
    }

    private void AddPolicyHosts()
    {
        var good = PolicyHostScript.Serve(_webCertificate, Weak);
        var authority = _lab.Authority;
        AddPolicyHost("down", good with { Fault = PolicyHostFault.DropBeforeTls });
        AddPolicyHost("dropped", good with { Fault = PolicyHostFault.DropAfterRequest });
        AddPolicyHost("404", good with { Status = 404 });
        AddPolicyHost("301", good with { Status = 301, Headers = ["Location: https://mta-sts.attacker.test/.well-known/mta-sts.txt"] });
        AddPolicyHost("text/html", good with { ContentType = "text/html" });
        AddPolicyHost("none under a foreign name", good with { Certificate = authority.Issue("mta-sts.attacker.test") });
        AddPolicyHost("none self-signed", good with { Certificate = authority.IssueSelfSigned(PolicyHost) });
        AddPolicyHost("none expired", good with { Certificate = authority.IssueExpired(PolicyHost) });
        AddPolicyHost("none untrusted", good with { Certificate = _other.Issue(PolicyHost) });
        AddPolicyHost("weaker list untrusted", PolicyHostScript.Serve(_other.Issue(PolicyHost), Foreign));
        AddPolicyHost("garbage", good with { Fault = PolicyHostFault.Babble });
        AddPolicyHost("truncated", good with { Fault = PolicyHostFault.Truncate });
        AddPolicyHost("oversize", good with { Body = Encoding.ASCII.GetBytes(Weak + "pad: " + new string('a', 70_000)) });
        AddPolicyHost("no policy", good with { Body = "<html>none</html>"u8.ToArray() });
    }

    private void AddPolicyHost(string deed, PolicyHostScript script) =>
        _deeds[$"web {deed}"] = () => Renew(() => _lab.Web.Play(PolicyHost, script));

    // With a new id, so that the relay asks the policy host.
    private void Renew(Action deed)
    {
        _lab.PublishRecord(Domain, $"v=STSv1; id=new{++_ids};");
        deed();
    }
}
