using System.Net;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Relay.Hosting;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Mx;

namespace Relay.TestKit;

/// <summary>A name server, a certificate authority and MX hosts around one relay.</summary>
internal sealed class LabInternet : IAsyncDisposable
{
    private readonly List<LabMx> _hosts = [];

    public LabDnsServer Dns { get; } = LabDnsServer.Start();

    public LabCertificateAuthority Authority { get; } = new();

    public string DataDirectory { get; } = Directory.CreateTempSubdirectory("relay-data").FullName;

    /// <summary>The port of every MX host: MX records cannot name one.</summary>
    public int MxPort => _hosts[0].EndPoint.Port;

    /// <summary>
    /// Adds a domain with one MX host, <c>mx.DOMAIN</c>, with a good certificate unless the behaviour says otherwise. All share
    /// a port on addresses of their own.
    /// </summary>
    public LabMx AddDomain(string domain, MxBehavior? behavior = null)
    {
        var name = $"mx.{domain}";
        behavior ??= new MxBehavior();
        var mx = AddHost(name, behavior with { Certificate = behavior.Certificate ?? Authority.Issue(name) });
        Dns.Zone.AddMx(domain, 10, name);
        return mx;
    }

    /// <summary>
    /// Adds a host with an address record and no MX record; it speaks no TLS unless the behaviour has a certificate.
    /// </summary>
    /// <param name="name">Its name.</param>
    /// <param name="behavior">How it behaves; politely when null.</param>
    /// <param name="address">Where; at the next free address of 127.0.0.0/8 when null.</param>
    public LabMx AddHost(string name, MxBehavior? behavior = null, IPAddress? address = null)
    {
        var mx = LabMx.Start(
            (behavior ?? new MxBehavior()) with { HostName = name },
            address ?? new IPAddress([127, 0, 0, (byte)(2 + _hosts.Count)]),
            _hosts.Count == 0 ? 0 : MxPort);
        _hosts.Add(mx);
        Dns.Zone.AddAddress(name, mx.EndPoint.Address);
        return mx;
    }

    public Task<RelayUnderTest> StartRelayAsync(params (string Key, string Value)[] settings) =>
        StartRelayAsync(TimeProvider.System, settings);

    public Task<RelayUnderTest> StartRelayAsync(TimeProvider clock, params (string Key, string Value)[] settings) =>
        StartRelayAsync(clock, RelayApplication.Plugins, settings);

    public Task<RelayUnderTest> StartRelayAsync(
        TimeProvider clock,
        IEnumerable<Action<IServiceCollection, IConfiguration>> plugins,
        params (string Key, string Value)[] settings)
    {
        var roots = Path.Combine(DataDirectory, "roots.pem");
        Authority.WriteRootPem(roots);
        return RelayUnderTest.StartAsync(
            clock,
            plugins,
            _ => { },
            [
                ("Relay:HostName", "relay.test"),
                ("Relay:DataDirectory", DataDirectory),
                ("Relay:Listeners:0:Address", "127.0.0.1:0"),
                ("Dns:Servers:0", Dns.Address),
                ("Delivery:Port", _hosts.Count == 0 ? "9" : $"{MxPort}"),
                ("Delivery:AllowLoopback", "true"),
                ("Delivery:TrustedRootsFile", roots),
                .. settings,
            ]);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        await Dns.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(DataDirectory, recursive: true);
    }
}
