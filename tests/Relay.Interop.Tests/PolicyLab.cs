using System.Globalization;
using Relay.Interop.Tests.Programs;
using Relay.Lab;
using Relay.Lab.Certificates;

namespace Relay.Interop.Tests;

/// <summary>
/// Domains with MTA-STS as they are run: nginx is the policy host of all, NSD knows them, and the Postfix of
/// <see cref="InteropLab"/> is their MX. The relay between them is one of its own.
/// </summary>
public sealed class PolicyLab(InteropLab lab) : IAsyncLifetime
{
    private const string Good = "version: STSv1\r\nmode: enforce\r\nmx: mx.remote.test\r\nmax_age: 604800\r\n";

    private readonly LabCertificateAuthority _authority = new("Web");
    private readonly List<LabCertificate> _certificates = [];
    private string? _missing;
    private NameServer? _names;
    private WebServer? _web;
    private RelayProcess? _relay;

    /// <summary>The relay.</summary>
    internal RelayProcess Relay => _relay!;

    /// <summary>What a program needs to find and trust the policy hosts.</summary>
    internal Dictionary<string, string?> Settings { get; } = [];

    /// <summary>Skips the test where a program is missing. Every test calls it first.</summary>
    internal void Require()
    {
        lab.Require();
        Assert.SkipWhen(_missing is not null, _missing ?? string.Empty);
    }

    public async ValueTask InitializeAsync()
    {
        _missing = DebianProgram.WhyMissing(
            DebianProgram.Nginx, DebianProgram.Nsd, DebianProgram.Postfix, DebianProgram.Swaks, DebianProgram.NetSsleay,
            DebianProgram.DkimPython, DebianProgram.Curl);
        if (_missing is not null)
        {
            return;
        }

        var sites = Sites();
        var directory = lab.NewDirectory("sts");
        var records = string.Concat(sites.Select(site => site.Name["mta-sts.".Length..^".test".Length]).Select(domain =>
            $"{domain} MX 10 mx.remote\n_mta-sts.{domain} TXT \"v=STSv1; id=1;\"\nmta-sts.{domain} A 127.0.0.1\n"));
        _names = await NameServer.StartAsync(
            Path.Combine(directory, "nsd"), "mx.remote A 127.0.0.1\n" + records, CancellationToken.None);
        _web = await WebServer.StartAsync(Path.Combine(directory, "nginx"), sites, CancellationToken.None);
        var roots = Path.Combine(directory, "web-roots.pem");
        _authority.WriteRootPem(roots);
        Settings["Dns:Servers:0"] = _names.Address;
        Settings["MtaSts:FetchPort"] = _web.Port.ToString(CultureInfo.InvariantCulture);
        Settings["MtaSts:TrustedRootsFile"] = roots;
        Settings["MtaSts:AllowPrivateHosts"] = "true";
        var settings = RelayProcess.LabSettings(directory, _names.Address, lab.Mx.Port);
        settings["Delivery:TrustedRootsFile"] = lab.RootFile;
        foreach (var (key, value) in Settings)
        {
            settings[key] = value!;
        }

        _relay = await RelayProcess.StartAsync(directory, settings, CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var running in (IAsyncDisposable?[])[_relay, _web, _names])
        {
            await (running?.DisposeAsync() ?? ValueTask.CompletedTask);
        }

        _certificates.ForEach(certificate => certificate.Dispose());
        _authority.Dispose();
    }

    private List<WebSite> Sites() =>
    [
        Site("good", Good),
        Site("charset", Good, "charset utf-8;"),
        Site("foreign", Good.Replace("mx.remote.test", "*.foreign.test", StringComparison.Ordinal)),
        Site("missing", policy: null),
        Site("moved", policy: null, "location / { return 301 https://mta-sts.good.test$request_uri; }"),
        Site("html", Good, "types { text/html txt; }"),
        Site("big", Good + string.Concat(Enumerable.Repeat($"x: {new string('x', 66)}\n", 1_024))),
        Site("slow", Good, "gzip off; limit_rate 8;"),
        new WebSite("mta-sts.wrong.test", Keep(_authority.IssueWrongName()), Good, string.Empty),
        new WebSite("mta-sts.expired.test", Keep(_authority.IssueExpired("mta-sts.expired.test")), Good, string.Empty),
        new WebSite("mta-sts.selfsigned.test", Keep(_authority.IssueSelfSigned("mta-sts.selfsigned.test")), Good, string.Empty),
    ];

    private WebSite Site(string domain, string? policy, string directives = "")
    {
        var name = $"mta-sts.{domain}.test";
        return new WebSite(name, Keep(_authority.Issue(name)), policy, directives);
    }

    private LabCertificate Keep(LabCertificate certificate)
    {
        _certificates.Add(certificate);
        return certificate;
    }
}
