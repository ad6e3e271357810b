using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Relay.Dns;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;
using Relay.Tls;

namespace Relay.MtaSts.Tests;

public sealed class LibraryUseTests
{
    [Fact] // The README's program: a decision for a domain and a verdict on a certificate, without the relay
    public async Task PlainProgram_AsksForADecisionAndAVerdict()
    {
        await using var lab = StsLab.Start();
        lab.Publish("example.test", "1", StsLab.Policy("enforce", 86_400, "*.example.test"));
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Relay:DataDirectory"] = Path.Combine(lab.DataDirectory, "plain"),
            ["Dns:Servers:0"] = lab.Dns.Address,
            ["MtaSts:FetchPort"] = $"{lab.Web.EndPoint.Port}",
            ["MtaSts:TrustedRootsFile"] = Path.Combine(lab.DataDirectory, "roots.pem"),
            ["MtaSts:AllowPrivateHosts"] = "true",
        }).Build();
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration)
            .AddSingleton<TimeProvider>(lab.Clock)
            .AddRelayDns()
            .AddMtaSts(configuration)
            .BuildServiceProvider();

        var decision = await services.GetRequiredService<IPolicyCache>().GetAsync(StsLab.Name("example.test"), StsLab.Token);
        var policy = Assert.IsType<PolicyDecision.Applies>(decision).Policy.Policy;
        var mx = StsLab.Name("mx.example.test");
        Assert.Equal(PolicyMode.Enforce, policy.Mode);
        Assert.True(policy.Lists(mx));

        using var shown = lab.Authority.Issue("mx.example.test");
        using var expired = lab.Authority.IssueExpired("mx.example.test");
        var verifier = services.GetRequiredService<WebPkiVerifier>();
        Assert.True(verifier.Verify(shown.Leaf, Sent(shown.ChainPem), mx).IsVerified);
        Assert.False(verifier.Verify(expired.Leaf, Sent(expired.ChainPem), mx).IsVerified);
        Assert.False(verifier.Verify(shown.Leaf, Sent(shown.ChainPem), StsLab.Name("other.test")).IsVerified);
    }

    private static X509Certificate2Collection Sent(string pem)
    {
        var sent = new X509Certificate2Collection();
        sent.ImportFromPem(pem);
        return sent;
    }
}
