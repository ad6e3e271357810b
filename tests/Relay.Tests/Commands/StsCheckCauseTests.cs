using System.Security.Authentication;
using System.Text.Json;
using Relay.Lab.Certificates;

namespace Relay.Tests.Commands;

/// <summary><c>relay sts check</c> names the cause of a failed connection, handshake or answer, the address, and a remedy that fits.</summary>
public sealed class StsCheckCauseTests
{
    private const string PolicyHost = "mta-sts.good.test";

    [Fact]
    public async Task Check_PolicyHostRefusesTls_SaysWhyAndWhere()
    {
        await using var lab = new StsLab();
        lab.Serve(script => script with { Certificate = null });
        var step = await FailureAsync(lab);
        Assert.StartsWith("127.0.0.1: the host ", Text(step, "finding"), StringComparison.Ordinal);
        Assert.DoesNotContain("exception", Text(step, "finding"), StringComparison.Ordinal);
        Assert.DoesNotContain("SSL_ERROR", Text(step, "finding"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_NobodyAtTheAddressesOfThePolicyHost_NamesEach()
    {
        await using var lab = new StsLab();
        lab.Dns.Zone.Remove(PolicyHost).AddA(PolicyHost, "127.0.0.98").AddA(PolicyHost, "127.0.0.99");
        var finding = Text((await lab.CheckAsync()).First(step => Text(step, "step") == "https"), "finding");
        Assert.Contains("127.0.0.98: connection refused", finding, StringComparison.Ordinal);
        Assert.Contains("127.0.0.99: connection refused", finding, StringComparison.Ordinal);
    }

    [Fact] // RFC 8305 §5
    public async Task Check_OneAddressOfThePolicyHostDead_IsAdviceThatNamesIt()
    {
        await using var lab = new StsLab();
        lab.Dns.Zone.AddA(PolicyHost, "127.0.0.99");
        var steps = (await lab.CheckAsync()).Where(step => Text(step, "step") == "address").ToList();
        Assert.Equal(
            [("advice", "127.0.0.99: connection refused"), ("passed", "127.0.0.1: serves a policy")],
            steps.Select(step => (Text(step, "status"), Text(step, "finding"))).Order());
    }

    [Fact] // RFC 8461 §3.3
    public async Task Check_Status300_IsNotCalledARedirect()
    {
        await using var lab = new StsLab();
        lab.Serve(script => script with { Status = 300 });
        Assert.DoesNotContain("redirect", Text(await FailureAsync(lab), "remedy"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Check_HeaderTooLarge_NamesTheHeader()
    {
        await using var lab = new StsLab();
        lab.Serve(script => script with { Headers = [$"Content-Security-Policy: {new string('x', 20_000)}"] });
        var step = await FailureAsync(lab);
        Assert.Contains("the header of the answer is larger than 16 KiB", Text(step, "finding"), StringComparison.Ordinal);
        Assert.Contains("Shorten the header", Text(step, "remedy"), StringComparison.Ordinal);
    }

    [Fact] // RFC 9110 §5.3
    public async Task Check_TwoContentTypes_AreBothShown()
    {
        await using var lab = new StsLab();
        lab.Serve(script => script with { Headers = ["Content-Type: application/octet-stream"] });
        Assert.Contains(
            "2 Content-Type fields, not all of them text/plain", Text(await FailureAsync(lab), "finding"), StringComparison.Ordinal);
    }

    [Theory] // RFC 8461 §4.2
    [InlineData("not-yet", "begins to be valid")]
    [InlineData("client-usage", "serverAuth")]
    [InlineData("old-issuer", "expired intermediate")]
    [InlineData("bare", "Send the certificate's intermediates")]
    [InlineData("self-signed", "instead of one that signs itself")]
    public async Task Check_CertificateNotTrusted_HasARemedyForItsReason(string kind, string remedy)
    {
        await using var lab = new StsLab();
        using var policy = Issue(lab.Authority, kind, PolicyHost);
        lab.Serve(script => script with { Certificate = policy });
        Assert.Contains(remedy, Text(await FailureAsync(lab), "remedy"), StringComparison.Ordinal);

        lab.Serve(StsLab.Policy);
        using var mx = Issue(lab.Authority, kind, "mx.good.test");
        lab.Mx.Behavior = lab.Mx.Behavior with { Certificate = mx };
        Assert.Contains(remedy, Text(await FailureAsync(lab), "remedy"), StringComparison.Ordinal);
    }

    [Fact] // RFC 8996 §4, §5
    public async Task Check_MxWithTls11Only_IsTold()
    {
        await using var lab = new StsLab();
        lab.Mx.Behavior = lab.Mx.Behavior with { Protocols = (SslProtocols)768, IsLax = true };
        Assert.EndsWith(
            ": the handshake failed: the host offers only TLS 1.1 or older (TLS alert protocol_version)",
            Text(await FailureAsync(lab), "finding"),
            StringComparison.Ordinal);
    }

    private static LabCertificate Issue(LabCertificateAuthority authority, string kind, string host) => kind switch
    {
        "not-yet" => authority.IssueNotYetValid(host),
        "client-usage" => authority.IssueForClients(host),
        "old-issuer" => authority.IssueUnderExpiredIssuer(host),
        "bare" => authority.IssueWithoutIntermediate(host),
        _ => authority.IssueSelfSigned(host),
    };

    private static async Task<JsonElement> FailureAsync(StsLab lab) =>
        Assert.Single(await lab.CheckAsync(), step => Text(step, "status") == "failed");

    private static string Text(JsonElement step, string property) => step.GetProperty(property).GetString()!;
}
