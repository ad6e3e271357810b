using System.Net;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Mx;
using Relay.Lab.PolicyHosts;

namespace Relay.Commands.Demo;

/// <summary>
/// An Internet on loopback addresses and free ports: a name server, a certificate authority, a policy host and MX hosts. MX
/// records cannot name a port, so all MX hosts share one, each on an address of its own.
/// </summary>
internal sealed class DemoInternet : IAsyncDisposable
{
    private const int MaxAgeSeconds = 604_800;

    private readonly LabCertificateAuthority _authority = new("Demo");
    private readonly LabDnsServer _dns = LabDnsServer.Start();
    private readonly LabPolicyHost _policyHost = LabPolicyHost.Start();
    private readonly List<LabCertificate> _certificates = [];
    private readonly List<LabMx> _hosts = [];

    /// <summary>The certificate authority that this Internet trusts, in PEM.</summary>
    public string RootPem => _authority.RootPem;

    /// <summary>The name server as <c>Dns:Servers</c> takes it.</summary>
    public string DnsAddress => _dns.Address;

    /// <summary>The port of the policy host.</summary>
    public int PolicyPort => _policyHost.EndPoint.Port;

    /// <summary>The port of all MX hosts; there has to be one.</summary>
    public int MxPort => _hosts[0].EndPoint.Port;

    /// <summary>Publishes a policy that lists these names.</summary>
    public void Publish(string domain, string mode, params string[] mx)
    {
        var name = $"mta-sts.{domain}";
        _dns.Zone.AddTxt($"_mta-sts.{domain}", "v=STSv1; id=1;").AddA(name, _policyHost.EndPoint.Address.ToString());
        var lines = string.Concat(mx.Select(host => $"mx: {host}\r\n"));
        _policyHost.Play(name, PolicyHostScript.Serve(
            Keep(_authority.Issue(name)), $"version: STSv1\r\nmode: {mode}\r\n{lines}max_age: {MaxAgeSeconds}\r\n"));
    }

    /// <summary>Takes record and policy away, as one who controls the domain's DNS could.</summary>
    public void Silence(string domain)
    {
        var name = $"mta-sts.{domain}";
        _dns.Zone.Remove($"_mta-sts.{domain}").Remove(name);
        _policyHost.Play(name, new PolicyHostScript { Fault = PolicyHostFault.DropBeforeTls });
    }

    /// <summary>Adds an MX host and the domain's MX record for it. No certificate: STARTTLS is not offered.</summary>
    public void AddMx(string domain, int preference, string name, Func<LabCertificateAuthority, LabCertificate>? certificate)
    {
        _hosts.Add(Start(new MxBehavior { HostName = name, Certificate = certificate is null ? null : Keep(certificate(_authority)) }));
        _dns.Zone.AddMx(domain, preference, name).AddA(name, _hosts[^1].EndPoint.Address.ToString());
    }

    /// <summary>Leaves a domain without MX records.</summary>
    public void RemoveMx(string domain) => _dns.Zone.Remove(domain, LabDnsType.Mx);

    /// <summary>The MX host that took the message with this in its text, and whether over TLS; null when none did.</summary>
    public (string Mx, bool IsTls)? TakenBy(string mark)
    {
        foreach (var host in _hosts)
        {
            if (host.Messages.FirstOrDefault(message => message.Text.Contains(mark, StringComparison.Ordinal)) is { } message)
            {
                return (host.Behavior.HostName, message.IsTls);
            }
        }

        return null;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        await _policyHost.DisposeAsync();
        await _dns.DisposeAsync();
        _certificates.ForEach(certificate => certificate.Dispose());
        _authority.Dispose();
    }

    private LabMx Start(MxBehavior behavior)
    {
        var address = new IPAddress([127, 0, 0, (byte)(2 + _hosts.Count)]);
        return LabMx.Start(behavior, address, _hosts.Count == 0 ? 0 : MxPort);
    }

    private LabCertificate Keep(LabCertificate certificate)
    {
        _certificates.Add(certificate);
        return certificate;
    }
}
