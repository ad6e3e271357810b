using Relay.Delivery.Observations;
using Relay.Lab.PolicyHosts;
using Relay.MtaSts.Discovery;

namespace Relay.MtaSts.Tests.Lab;

/// <summary>One domain with a policy, and fetches of it.</summary>
internal static class FetchScene
{
    public const string Domain = "example.test";
    public const string Host = "mta-sts.example.test";

    public static readonly string Good = StsLab.Policy("enforce", 86_400, "mx.example.test");

    public static ValueTask<PolicyFetch> FetchAsync(StsLab lab) => lab.Fetcher.FetchAsync(StsLab.Name(Domain), StsLab.Token);

    public static PolicyHostScript Serve(StsLab lab) => PolicyHostScript.Serve(lab.Authority.Issue(Host), Good);

    public static async Task AssertFailsAsync(StsLab lab, TlsResultType type, string reason)
    {
        var failure = Assert.IsType<PolicyFetch.Failed>(await FetchAsync(lab)).Failure;
        Assert.Equal((type, reason), (failure.Type, failure.Reason));
        Assert.NotEmpty(failure.Detail);
    }
}
