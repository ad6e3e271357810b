using Relay.Lab.Dns;
using Relay.Lab.PolicyHosts;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Cache;

public sealed class PolicyUpdaterTests
{
    private const string Domain = "example.test";
    private const string Record = "_mta-sts.example.test";
    private const string Host = "mta-sts.example.test";
    private const int MaxAge = 2_592_000;

    [Theory] // STS-11, STS-12, STS-40, STS-72, RFC 8461 §3.3, §5.1, §10.2: whatever an attacker breaks, and in whatever order
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task EnforcePolicy_UnderRandomFaults_NeverWeakensBeforeItsEnd(int seed)
    {
        var random = new Random(seed);
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "0", StsLab.Policy("enforce", MaxAge, "mx.example.test"));
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        var end = lab.Clock.GetUtcNow() + TimeSpan.FromSeconds(MaxAge);
        for (var step = 1; step <= 60; step++)
        {
            await BreakAsync(lab, random, step);
            lab.Clock.Advance(TimeSpan.FromMinutes(random.Next(1, 600)));
            if (lab.Clock.GetUtcNow() >= end)
            {
                break;
            }

            Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        }
    }

    private static async Task BreakAsync(StsLab lab, Random random, int step)
    {
        switch (random.Next(9))
        {
            case 0:
                lab.PublishRecord(Domain);
                break;
            case 1:
                lab.PublishRecord(Domain, $"v=STSv1; id={step};");
                break;
            case 2:
                lab.PublishRecord(Domain, "v=STSv1; id=a;", "v=STSv1; id=b;");
                break;
            case 3:
                lab.Dns.SetFault(Record, LabDnsType.Txt, LabDnsFault.ServerFailure, times: 4);
                break;
            case 4:
                lab.Play(Domain, new PolicyHostScript { Fault = PolicyHostFault.DropBeforeTls });
                break;
            case 5:
                // Everything right but the certificate: what an attacker on the path can show at best.
                lab.Play(Domain, PolicyHostScript.Serve(lab.Authority.IssueSelfSigned(Host), StsLab.Policy("none", 60)));
                break;
            case 6:
                lab.Play(Domain, PolicyHostScript.Serve(lab.Authority.Issue(Host), "version: STSv1\nmode: none\n"));
                break;
            case 7:
                await lab.RestartAsync();
                break;
            default:
                await lab.Refresher.PassAsync(StsLab.Token);
                break;
        }
    }
}
