using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Relay.Dns;
using Relay.Interop.Tests.Programs;
using Relay.Mail;
using Relay.MtaSts;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Policies;

namespace Relay.Interop.Tests;

/// <summary>Policies from nginx, records from NSD, mail to Postfix.</summary>
public sealed class PolicyHostTests(InteropLab lab, PolicyLab policies) : IClassFixture<PolicyLab>
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory] // RFC 8461 §3.2, §3.3; RFC 2046 §4.1.2: a charset is a parameter of text/plain
    [InlineData("good.test")]
    [InlineData("charset.test")]
    public async Task Fetch_OfAWellRunPolicyHost_GivesThePolicy(string domain)
    {
        var fetched = Assert.IsType<PolicyFetch.Fetched>(await FetchAsync(domain));

        Assert.Equal(PolicyMode.Enforce, fetched.Policy.Mode);
        Assert.Equal("mx.remote.test", Assert.Single(fetched.Policy.MxPatterns).Text);
    }

    [Theory] // RFC 8461 §3.2, §3.3
    [InlineData("moved.test", "http-status-301")]
    [InlineData("missing.test", "http-status-404")]
    [InlineData("html.test", "content-type")]
    [InlineData("big.test", "policy-too-large")]
    [InlineData("slow.test", "timeout")]
    [InlineData("wrong.test", "certificate-host-mismatch")]
    [InlineData("expired.test", "certificate-expired")]
    [InlineData("selfsigned.test", "certificate-not-trusted")]
    public async Task Fetch_OfABadPolicyHost_SaysWhatIsWrong(string domain, string reason)
    {
        var failed = Assert.IsType<PolicyFetch.Failed>(await FetchAsync(domain));

        Assert.Equal(reason, failed.Failure.Reason);
    }

    [Fact] // RFC 8461 §5
    public async Task Mail_ToADomainInEnforce_ArrivesOverVerifiedTls()
    {
        var recipient = await SendAsync("good.test");

        var line = await policies.Relay.WaitForEventAsync("delivered", $"to=<{recipient}>", Cancelled);
        Assert.Contains(" mx=mx.remote.test ", line, StringComparison.Ordinal);
        Assert.Contains(" verified=pkix sts=enforce sts-id=1 ", line, StringComparison.Ordinal);
        (await lab.Mx.ReceiveAsync(recipient, Cancelled)).AssertUnchanged(SampleMessages.Get("plain"));
    }

    [Fact] // RFC 8461 §5, §4.1
    public async Task Mail_ToADomainWhosePolicyListsAnotherMx_Waits()
    {
        var recipient = await SendAsync("foreign.test");

        var line = await policies.Relay.WaitForEventAsync("deferred", $"to=<{recipient}>", Cancelled);
        Assert.Contains(" reason=sts-no-usable-mx sts=enforce ", line, StringComparison.Ordinal);
        Assert.DoesNotContain(lab.Mx.Log, entry => entry.Contains(recipient, StringComparison.Ordinal));
    }

    [Theory] // RFC 8461 §3.3: on first contact a policy that cannot be had is no policy
    [InlineData("moved.test")]
    [InlineData("wrong.test")]
    public async Task Mail_ToADomainWhosePolicyCannotBeHad_GoesWithoutOne(string domain)
    {
        var recipient = await SendAsync(domain);

        var line = await policies.Relay.WaitForEventAsync("delivered", $"to=<{recipient}>", Cancelled);
        Assert.DoesNotContain(" sts=", line, StringComparison.Ordinal);
    }

    private async Task<PolicyFetch> FetchAsync(string domain)
    {
        policies.Require();
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection([.. policies.Settings, new("MtaSts:FetchTimeout", "00:00:03")]).Build();
        await using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(configuration).AddRelayDns().AddMtaSts(configuration).BuildServiceProvider();
        Assert.True(DomainName.TryParse(domain, out var name));
        return await services.GetRequiredService<IPolicyFetcher>().FetchAsync(name, Cancelled);
    }

    private async Task<string> SendAsync(string domain)
    {
        policies.Require();
        var recipient = InteropLab.NewRecipient(domain);
        var (exitCode, transcript) = await Swaks.SendAsync(policies.Relay.EndPoint.Port, recipient, SampleMessages.Get("plain"));
        Assert.True(exitCode == 0, transcript);
        return recipient;
    }
}
