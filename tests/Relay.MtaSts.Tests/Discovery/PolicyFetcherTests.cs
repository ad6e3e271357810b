using System.Net.Security;
using System.Text;
using Relay.Delivery.Observations;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.PolicyHosts;
using Relay.Mail;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;
using static Relay.MtaSts.Tests.Lab.FetchScene;

namespace Relay.MtaSts.Tests.Discovery;

public sealed class PolicyFetcherTests
{

    [Fact] // STS-27, STS-34, STS-35, RFC 8461 §3.2, §3.3, §7.1
    public async Task Fetch_GoodHost_AsksOnceWithItsNameAndNoConditions()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        var fetched = Assert.IsType<PolicyFetch.Fetched>(await FetchAsync(lab));
        Assert.Equal(PolicyMode.Enforce, fetched.Policy.Mode);
        var request = Assert.Single(lab.Web.Requests);
        Assert.Equal((Host, "GET", "/.well-known/mta-sts.txt", Host), (request.ServerName, request.Method, request.Path, request.Host));
        Assert.DoesNotContain(request.Headers.Keys, key => key.StartsWith("If-", StringComparison.OrdinalIgnoreCase));
        Assert.DoesNotContain("Cookie", request.Headers.Keys);

        // RFC 9110 §12.5.3: who says nothing welcomes every coding.
        Assert.Equal("identity", request.Headers.GetValueOrDefault("Accept-Encoding"));
    }

    [Fact] // STS-34, RFC 8461 §3.3
    public async Task Fetch_Again_AsksTheHostAgainWhateverItSaidOfCaching()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Headers = ["Cache-Control: max-age=999999", "ETag: \"a\""] });
        await FetchAsync(lab);
        await FetchAsync(lab);
        Assert.Equal(2, lab.Web.Count(Host));
        Assert.Equal(2, lab.Web.Connections);
    }

    [Theory] // RFC 8461 §7.2, RFC 9325 §4.1: forward secrecy in the one hello there is
    [InlineData(TlsCipherSuite.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, true)]
    [InlineData(TlsCipherSuite.TLS_RSA_WITH_AES_128_GCM_SHA256, false)]
    public async Task Fetch_HostWithOneSuite_FollowsTheFirstHelloAndNoOther(TlsCipherSuite suite, bool isFetched)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with
        {
            Certificate = lab.Authority.IssueRsa(2048, Host),
            CipherSuites = new CipherSuitesPolicy([suite]),
        });
        Assert.Equal(isFetched, await FetchAsync(lab) is PolicyFetch.Fetched);
        Assert.Equal(1, lab.Web.Connections);
    }

    [Theory] // STS-32, STS-33, RFC 8461 §3.3
    [InlineData(201)]
    [InlineData(204)]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(304)]
    [InlineData(307)]
    [InlineData(308)]
    [InlineData(404)]
    [InlineData(410)]
    [InlineData(500)]
    [InlineData(503)]
    public async Task Fetch_AnyStatusBut200_IsAFetchErrorAndNothingElseIsAsked(int status)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Status = status, Headers = [$"Location: https://{Host}/elsewhere"] });
        await AssertFailsAsync(lab, TlsResultType.StsPolicyFetchError, $"http-status-{status}");
        Assert.Single(lab.Web.Requests);
    }

    public static TheoryData<string, string> BadCertificates => new()
    {
        { "expired", "certificate-expired" },
        { "not-yet-valid", "certificate-not-trusted" },
        { "self-signed", "certificate-not-trusted" },
        { "other-authority", "certificate-not-trusted" },
        { "no-intermediate", "certificate-not-trusted" },
        { "client-usage", "certificate-not-trusted" },
        { "wrong-name", "certificate-host-mismatch" },
        { "bare-domain", "certificate-host-mismatch" },
        { "common-name-only", "certificate-host-mismatch" },
        { "two-labels-wildcard", "certificate-host-mismatch" },
    };

    [Theory] // STS-28, STS-29, RFC 8461 §3.3
    [MemberData(nameof(BadCertificates))]
    public async Task Fetch_BadCertificate_IsWebPkiInvalidAndSendsNoRequest(string kind, string reason)
    {
        await using var lab = StsLab.Start();
        using var otherAuthority = new LabCertificateAuthority("Other", lab.Clock);
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Certificate = Bad(lab.Authority, otherAuthority, kind) });
        await AssertFailsAsync(lab, TlsResultType.StsWebPkiInvalid, reason);
        Assert.Empty(lab.Web.Requests);
    }

    [Fact] // STS-30, RFC 8461 §3.3
    public async Task Fetch_WildcardCertificate_IsAccepted()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Certificate = lab.Authority.Issue("*.example.test") });
        Assert.IsType<PolicyFetch.Fetched>(await FetchAsync(lab));
    }

    [Fact] // STS-37, RFC 8461 §3.3
    public async Task Fetch_EndlessBody_IsCutOffShortlyAfterTheLimit()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Fault = PolicyHostFault.Endless });
        await AssertFailsAsync(lab, TlsResultType.StsPolicyInvalid, "policy-too-large");

        // What was on its way in the kernels' buffers counts as sent.
        Assert.InRange(lab.Web.OctetsSent, 0, 512 * 1024);
    }

    [Fact] // STS-37, RFC 8461 §3.3
    public async Task Fetch_BodyOfOneOctetTooMany_IsInvalid()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Body = Encoding.ASCII.GetBytes(Good + "pad: " + new string('a', 65_537 - 5 - Good.Length)) });
        await AssertFailsAsync(lab, TlsResultType.StsPolicyInvalid, "policy-too-large");
    }

    [Theory] // STS-36, RFC 8461 §3.3
    [InlineData(PolicyHostFault.Silence)]
    [InlineData(PolicyHostFault.Stall)]
    public async Task Fetch_SlowHost_EndsAfterOneMinute(PolicyHostFault fault)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Fault = fault });
        var fetching = FetchAsync(lab).AsTask();
        await Poll.UntilAsync(() => lab.Web.Requests.Count > 0, StsLab.Token);

        Assert.False(fetching.IsCompleted);
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("timeout", Assert.IsType<PolicyFetch.Failed>(await fetching).Failure.Reason);
    }

    [Fact] // STS-36, RFC 8461 §3.3: however steadily it trickles
    public async Task Fetch_TricklingHost_IsCutOffAfterOneMinute()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        var pace = TimeSpan.FromSeconds(4.87);
        lab.Play(Domain, Serve(lab) with { Fault = PolicyHostFault.Trickle, Pace = token => Task.Delay(pace, lab.Clock, token) });
        var fetching = FetchAsync(lab).AsTask();
        for (var octets = 0; octets < 12; octets++)
        {
            await lab.Clock.TimerScheduledAsync(pace, StsLab.Token);
            lab.Clock.Advance(pace);
            await Poll.UntilAsync(() => lab.Web.OctetsSent == octets + 1, StsLab.Token);
        }

        Assert.False(fetching.IsCompleted);
        lab.Clock.Advance(TimeSpan.FromSeconds(2));
        Assert.Equal("timeout", Assert.IsType<PolicyFetch.Failed>(await fetching).Failure.Reason);
    }

    [Fact] // STS-36, RFC 8461 §3.3: who takes connections and says nothing has no minute
    public async Task Fetch_HostSilentInTheHandshake_EndsAfterTenSeconds()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Fault = PolicyHostFault.SilenceInHandshake });
        var fetching = FetchAsync(lab).AsTask();
        await Poll.UntilAsync(() => lab.Web.Connections > 0, StsLab.Token);
        lab.Clock.Advance(TimeSpan.FromSeconds(9));
        Assert.False(fetching.IsCompleted);
        lab.Clock.Advance(TimeSpan.FromSeconds(1));
        var failure = Assert.IsType<PolicyFetch.Failed>(await fetching).Failure;
        Assert.Equal("timeout", failure.Reason);
        Assert.Contains("to connect", failure.Detail, StringComparison.Ordinal);
    }

    [Fact] // STS-36, RFC 8461 §3.3: the time to connect does not end an exchange that goes on
    public async Task Fetch_HostThatThinks_HasItsMinute()
    {
        await using var lab = StsLab.Start();
        var held = new TaskCompletionSource();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Until = held.Task });
        var fetching = FetchAsync(lab).AsTask();
        await Poll.UntilAsync(() => lab.Web.Requests.Count > 0, StsLab.Token);
        lab.Clock.Advance(TimeSpan.FromSeconds(59));
        held.SetResult();
        Assert.IsType<PolicyFetch.Fetched>(await fetching);
    }

    [Theory] // RFC 8460 §4.3.2.2
    [InlineData(PolicyHostFault.DropBeforeTls, "tls-handshake-failure")]
    [InlineData(PolicyHostFault.DropAfterRequest, "truncated-response")]
    [InlineData(PolicyHostFault.Truncate, "truncated-body")]
    [InlineData(PolicyHostFault.Babble, "http-protocol")]
    public async Task Fetch_BrokenHost_IsAFetchError(PolicyHostFault fault, string reason)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Fault = fault });
        await AssertFailsAsync(lab, TlsResultType.StsPolicyFetchError, reason);
    }

    [Fact] // RFC 8460 §4.3.2.2
    public async Task Fetch_HostWithoutAddress_IsToldFromDnsFailure()
    {
        await using var lab = StsLab.Start();
        await AssertFailsAsync(lab, TlsResultType.StsPolicyFetchError, "policy-host-not-found");
        lab.LetTtlPass();
        lab.Dns.SetFault(Host, LabDnsType.None, LabDnsFault.ServerFailure);
        await AssertFailsAsync(lab, TlsResultType.StsPolicyFetchError, "policy-host-temporary-dns-failure");
    }

    [Fact] // RFC 8305 §5
    public async Task Fetch_DeadIpv6Address_UsesIpv4()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Dns.Zone.AddAaaa(Host, "::1");
        Assert.IsType<PolicyFetch.Fetched>(await FetchAsync(lab));
    }

    [Fact] // RFC 8460 §4.3.2.2
    public async Task Fetch_NobodyListens_IsConnectFailure()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Dns.Zone.Remove(Host).AddA(Host, "127.0.0.2");
        await AssertFailsAsync(lab, TlsResultType.StsPolicyFetchError, "connect-failure");
    }

    [Fact] // STS-41, RFC 8461 §3.3: whatever HTTPS_PROXY says in the relay's surroundings
    public async Task Client_OfPolicies_KnowsNoProxy()
    {
        await using var lab = StsLab.Start();
        var handler = lab.Handlers.CreateHandler(PolicyHttp.ClientName);
        while (handler is DelegatingHandler { InnerHandler: { } inner })
        {
            handler = inner;
        }

        var sockets = Assert.IsType<SocketsHttpHandler>(handler);
        Assert.False(sockets.UseProxy);
        Assert.Null(sockets.Proxy);
        Assert.False(sockets.AllowAutoRedirect);
    }

    [Theory] // STS-41, RFC 8461 §3.3
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("172.31.0.1")]
    [InlineData("192.168.1.1")]
    [InlineData("169.254.169.254")]
    [InlineData("100.64.0.1")]
    [InlineData("0.0.0.0")]
    [InlineData("::1")]
    [InlineData("fe80::1")]
    [InlineData("fd00::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("64:ff9b::7f00:1")]
    [InlineData("2002:a00:1::")]
    public async Task Fetch_PrivateAddress_IsRefusedWithoutConnection(string address)
    {
        await using var lab = StsLab.Start(("MtaSts:AllowPrivateHosts", "false"));
        lab.Publish(Domain, "1", Good);
        lab.Dns.Zone.Remove(Host).AddAddress(Host, System.Net.IPAddress.Parse(address));
        await AssertFailsAsync(lab, TlsResultType.StsPolicyFetchError, "policy-host-private-address");
        Assert.Equal(0, lab.Web.Connections);
    }

    [Theory] // RFC 8461 §3.3: a name that is no host's is no part of a URI either; a name from DNS may hold anything
    [InlineData("a/b.test")]
    [InlineData("a@b.test")]
    [InlineData("a:22")]
    [InlineData("a?b.test")]
    [InlineData("a>b.test")]
    [InlineData("a%b.test")]
    [InlineData("[a")]
    public async Task Fetch_DomainWithDelimiters_FailsWithoutARequest(string domain)
    {
        await using var lab = StsLab.Start();
        var failed = Assert.IsType<PolicyFetch.Failed>(await lab.Fetcher.FetchAsync(DomainName.FromWire(domain), StsLab.Token));
        Assert.Equal("policy-host-not-found", failed.Failure.Reason);
        Assert.Equal(0, lab.Web.Connections);
    }

    [Fact] // RFC 8461 §3.2: cancellation is no outcome
    public async Task Fetch_CallerCancels_Throws()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Good);
        lab.Play(Domain, Serve(lab) with { Fault = PolicyHostFault.Silence });
        using var leaving = new CancellationTokenSource();
        var fetching = lab.Fetcher.FetchAsync(StsLab.Name(Domain), leaving.Token).AsTask();
        await Poll.UntilAsync(() => lab.Web.Requests.Count > 0, StsLab.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => fetching);
    }

    private static LabCertificate Bad(LabCertificateAuthority authority, LabCertificateAuthority otherAuthority, string kind) => kind switch
    {
        "expired" => authority.IssueExpired(Host),
        "not-yet-valid" => authority.IssueNotYetValid(Host),
        "self-signed" => authority.IssueSelfSigned(Host),
        "other-authority" => otherAuthority.Issue(Host),
        "no-intermediate" => authority.IssueWithoutIntermediate(Host),
        "client-usage" => authority.IssueForClients(Host),
        "wrong-name" => authority.IssueWrongName(),
        "bare-domain" => authority.Issue(Domain),
        "common-name-only" => authority.IssueCommonNameOnly(Host),
        _ => authority.Issue("*.test"),
    };
}
