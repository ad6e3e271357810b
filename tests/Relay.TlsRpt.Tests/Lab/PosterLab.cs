using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.Dns;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Logging;
using Relay.Lab.PolicyHosts;
using Relay.TlsRpt.Sending;

namespace Relay.TlsRpt.Tests.Lab;

/// <summary>The way of reports by HTTPS, in front of a lab name server and web server.</summary>
internal sealed class PosterLab : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-post-").FullName;
    private readonly ServiceProvider _services;

    public PosterLab(params (string Key, string? Value)[] settings)
    {
        Authority = new LabCertificateAuthority("Lab", Clock);
        var roots = Path.Combine(_directory, "roots.pem");
        Authority.WriteRootPem(roots);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(
        [
            new("Relay:DataDirectory", _directory), new("Dns:Servers:0", Dns.Address), new("TlsRpt:TrustedRootsFile", roots),
            .. settings.Select(setting => new KeyValuePair<string, string?>(setting.Key, setting.Value)),
        ]).Build();
        _services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddLogging(logging => logging.AddProvider(Log))
            .AddSingleton<TimeProvider>(Clock)
            .AddSingleton(new DeliveryIdentity("relay.nordhafen.example"))
            .AddRelayDns()
            .AddTlsRpt(configuration)
            .BuildServiceProvider();
    }

    public static CancellationToken Token => TestContext.Current.CancellationToken;

    public ManualClock Clock { get; } = new();

    public LabDnsServer Dns { get; } = LabDnsServer.Start();

    public LabPolicyHost Web { get; } = LabPolicyHost.Start();

    public LabCertificateAuthority Authority { get; }

    public LogEvents Log { get; } = new();

    public IReportPoster Poster => _services.GetRequiredService<IReportPoster>();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await Dns.DisposeAsync();
        await Web.DisposeAsync();
        Authority.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
