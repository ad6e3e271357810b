using Relay.Delivery.Probing;
using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;
using Relay.Mail;

namespace Relay.Delivery.Tests.Probing;

/// <summary>The look at an MX host that sends no mail.</summary>
public class MxProbeTests
{
    private const string Host = "mx.a.test";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact] // RFC 3207 §4, RFC 8461 §4.2
    public async Task Probe_GoodHost_GivesVerdictAndCertificateAndSaysQuit()
    {
        await using var lab = new DeliveryLab();
        var host = lab.StartHost(Host, lab.WithTls(Host, "other.a.test"));
        var session = Assert.Single((await ProbeAsync(lab)).Sessions);
        Assert.True(session is { IsGreeted: true, IsVerified: true, Result: TlsSessionResult.Established, Detail: "" });
        Assert.Equal([Host, "other.a.test"], session.Certificate!.Names);
        Assert.Equal(["CN=mx.a.test", "CN=Lab Intermediate", "CN=Lab Root"], session.Certificate.Chain);
        Assert.Equal(["EHLO", "STARTTLS", "EHLO", "QUIT"], host.Commands.Select(command => command.Verb));
    }

    [Fact] // STS-57, RFC 8461 §4.2
    public async Task Probe_BadCertificate_IsShownAndNotVerified()
    {
        await using var lab = new DeliveryLab();
        lab.StartHost(Host, new MxBehavior { Certificate = lab.Authority.IssueSelfSigned("other.test") });
        var session = Assert.Single((await ProbeAsync(lab)).Sessions);
        Assert.False(session.IsVerified);
        Assert.Equal("self-signed-certificate", session.Tls!.Verdict.Reason);
        Assert.Equal("CN=other.test", session.Certificate!.Issuer);
    }

    [Fact] // E73, RFC 8446 §6.2: an alert after the handshake undoes it
    public async Task Probe_HostThatClosesAfterTheHandshake_IsNotVerified()
    {
        await using var lab = new DeliveryLab();
        lab.StartHost(Host, lab.WithTls(Host) with { Handshake = MxHandshake.CloseAfter });
        var session = Assert.Single((await ProbeAsync(lab)).Sessions);
        Assert.False(session.IsVerified);
        Assert.NotEmpty(session.Detail);
    }

    [Fact] // RFC 5321 §5.1
    public async Task Probe_SeveralAddresses_LooksAtEachOfTheFirstFour()
    {
        await using var lab = new DeliveryLab();
        lab.StartHost(Host, lab.WithTls(Host));
        for (var more = 0; more < 5; more++)
        {
            lab.Dns.AddAddress(Host, DeliveryLab.NewAddress());
        }

        var result = await ProbeAsync(lab);
        Assert.Equal(4, result.Sessions.Count);
        Assert.Equal([true, false, false, false], result.Sessions.Select(session => session.IsVerified));
        Assert.All(result.Sessions.Skip(1), session => Assert.Contains("refused", session.Detail, StringComparison.Ordinal));
    }

    [Fact] // RFC 5321 §4.5.3.2: shorter than delivery's, for somebody waits
    public async Task Probe_HostThatSaysNothing_EndsAfterAMinute()
    {
        await using var lab = new DeliveryLab();
        lab.StartHost(Host, new MxBehavior().At(MxRule.Connect, MxAction.Stall));
        var probing = ProbeAsync(lab);
        await lab.Clock.TimerScheduledAsync(TimeSpan.FromSeconds(60), Cancel);
        lab.Clock.Advance(TimeSpan.FromSeconds(60));
        var session = Assert.Single((await probing).Sessions);
        Assert.False(session.IsGreeted);
        Assert.NotEmpty(session.Detail);
    }

    [Fact]
    public async Task Probe_NoAddress_SaysSo() =>
        Assert.Contains("no address", await FailureAsync(), StringComparison.Ordinal);

    private static async Task<string> FailureAsync()
    {
        await using var lab = new DeliveryLab();
        return (await ProbeAsync(lab)).Failure!.Text;
    }

    private static Task<MxProbeResult> ProbeAsync(DeliveryLab lab)
    {
        Assert.True(DomainName.TryParse(Host, out var name));
        return lab.Get<IMxProbe>().ProbeAsync(new MxHost(name, 10, lab.Port), Cancel);
    }
}
