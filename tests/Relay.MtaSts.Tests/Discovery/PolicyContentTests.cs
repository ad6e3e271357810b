using Relay.Delivery.Observations;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Tests.Lab;
using static Relay.MtaSts.Tests.Lab.FetchScene;

namespace Relay.MtaSts.Tests.Discovery;

/// <summary>In what media types and codings a policy may come.</summary>
public sealed class PolicyContentTests
{
    [Theory] // STS-26, STS-37, RFC 8461 §3.2, §3.3
    [InlineData("text/html", TlsResultType.StsPolicyFetchError, "content-type")]
    [InlineData(null, TlsResultType.StsPolicyFetchError, "content-type")]
    [InlineData("nonsense", TlsResultType.StsPolicyFetchError, "content-type")]
    [InlineData("text/plain charset=utf-8", TlsResultType.StsPolicyFetchError, "content-type")]
    [InlineData("text/plain, text/html", TlsResultType.StsPolicyFetchError, "content-type")]
    [InlineData("text/plain\r\nContent-Type: text/html", TlsResultType.StsPolicyFetchError, "content-type")]
    [InlineData("text/plainer; charset=utf-8", TlsResultType.StsPolicyFetchError, "content-type")]
    [InlineData("text / plain", TlsResultType.StsPolicyFetchError, "content-type")]
    [InlineData("; text/plain", TlsResultType.StsPolicyFetchError, "content-type")]
    [InlineData("application/octet-stream; charset=utf-8;", TlsResultType.StsPolicyFetchError, "content-type")]
    public async Task Fetch_OtherMediaType_IsAFetchError(string? type, TlsResultType result, string reason)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { ContentType = type });
        await AssertFailsAsync(lab, result, reason);
    }

    [Theory] // STS-26, RFC 9110 §5.6.6, §8.3.1: parameters = *( OWS ";" OWS [ parameter ] )
    [InlineData("text/plain;")]
    [InlineData("text/plain; charset=utf-8;")]
    [InlineData("text/plain;;")]
    [InlineData("text/plain ; ; charset=utf-8")]
    [InlineData("text/plain;charset=utf-8")]
    [InlineData("text/plain\t;\tcharset=utf-8\t;")]
    [InlineData("TEXT/Plain; Charset=\"UTF-8\"")]
    [InlineData("text/plain; name=\"a;b, \\\"c\\\"\"")]
    [InlineData("text/plain; charset=utf-8; format=flowed; delsp=yes")]
    [InlineData("text/plain; charset=")]
    [InlineData("text/plain; charset: utf-8")]
    public async Task Fetch_PlainTextInAnySpelling_IsThePolicy(string type)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { ContentType = type });
        Assert.IsType<PolicyFetch.Fetched>(await FetchAsync(lab));
    }

    [Theory] // RFC 9110 §8.3: what was received is shown, also where it cannot be read
    [InlineData("text/html; charset=", "text/html; charset=")]
    [InlineData("nonsense", "nonsense")]
    [InlineData(null, "no media type")]
    public async Task Fetch_OtherMediaType_IsShownAsReceived(string? type, string shown)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { ContentType = type });
        Assert.Contains(shown, Assert.IsType<PolicyFetch.Failed>(await FetchAsync(lab)).Failure.Detail, StringComparison.Ordinal);
    }

    [Theory] // RFC 9110 §8.4.1, §12.5.3, §18.6: identity is no coding
    [InlineData("identity")]
    [InlineData("")]
    [InlineData("Identity, ,identity ")]
    public async Task Fetch_BodyWithoutCoding_IsThePolicy(string coding)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Headers = [$"Content-Encoding: {coding}"] });
        Assert.IsType<PolicyFetch.Fetched>(await FetchAsync(lab));
    }

    [Theory] // RFC 9110 §8.4: no coding was asked for
    [InlineData("gzip")]
    [InlineData("identity, br")]
    [InlineData("no token")]
    public async Task Fetch_CodedBody_IsRefusedUnopened(string coding)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Headers = [$"Content-Encoding: {coding}"] });
        await AssertFailsAsync(lab, TlsResultType.StsPolicyFetchError, "content-encoding");
    }
}
