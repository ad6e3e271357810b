using System.Globalization;
using Relay.Lab.Certificates;
using Relay.Lab.PolicyHosts;
using Relay.TlsRpt.Sending;
using Relay.TlsRpt.Tests.Format;
using Relay.TlsRpt.Tests.Lab;

namespace Relay.TlsRpt.Tests.Sending;

public sealed class ReportPosterTests
{
    private const string Host = "reports.test";

    [Fact] // RPT-46, RPT-47, RPT-33, RFC 8460 §5.4
    public async Task Post_ToAGoodEndpoint_CarriesThePackedReportWithItsTypeAndNothingElse()
    {
        await using var lab = Lab();
        Play(lab, 200);

        Assert.IsType<ReportDispatch.Accepted>(await PostAsync(lab, "/v1/tlsrpt?from=us"));

        var request = Assert.Single(lab.Web.Requests);
        Assert.Equal((Host, "POST", "/v1/tlsrpt?from=us"), (request.ServerName, request.Method, request.Path));
        Assert.Equal("application/tlsrpt+gzip", request.Headers["Content-Type"]);
        Assert.Equal(SampleReport.Make().Gzip.ToArray(), request.Body.ToArray());
        foreach (var name in (string[])["Content-Encoding", "Cookie", "Authorization", "Referer"])
        {
            Assert.DoesNotContain(name, request.Headers.Keys);
        }
    }

    [Theory] // RPT-48, RFC 8460 §5.4
    [InlineData(200, typeof(ReportDispatch.Accepted))]
    [InlineData(201, typeof(ReportDispatch.Accepted))]
    [InlineData(202, typeof(ReportDispatch.Accepted))]
    [InlineData(204, typeof(ReportDispatch.Accepted))]
    [InlineData(400, typeof(ReportDispatch.Refused))]
    [InlineData(401, typeof(ReportDispatch.Refused))]
    [InlineData(404, typeof(ReportDispatch.Refused))]
    [InlineData(410, typeof(ReportDispatch.Refused))]
    [InlineData(413, typeof(ReportDispatch.Refused))]
    [InlineData(408, typeof(ReportDispatch.TryLater))]
    [InlineData(425, typeof(ReportDispatch.TryLater))]
    [InlineData(429, typeof(ReportDispatch.TryLater))]
    [InlineData(500, typeof(ReportDispatch.TryLater))]
    [InlineData(503, typeof(ReportDispatch.TryLater))]
    [InlineData(599, typeof(ReportDispatch.TryLater))]
    public async Task Post_AnyStatus_EndsOrComesAgain(int status, Type expected)
    {
        await using var lab = Lab();
        Play(lab, status);

        var dispatch = await PostAsync(lab);

        Assert.IsType(expected, dispatch);
        Assert.Equal($"HTTP status {status}", dispatch.Detail);
        Assert.Single(lab.Web.Requests);
    }

    [Theory] // RPT-54, RFC 8460 §7
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task Post_Redirect_IsNotFollowedAndEndsIt(int status)
    {
        await using var lab = Lab();
        Play(lab, status, $"Location: https://{Host}:{lab.Web.EndPoint.Port}/elsewhere");

        Assert.IsType<ReportDispatch.Refused>(await PostAsync(lab));
        Assert.Single(lab.Web.Requests);
    }

    [Theory] // RPT-50, RFC 9110 §10.2.3; the lab's clock stands at 2026-11-22T12:00:00Z
    [InlineData("120", 120)]
    [InlineData("Sun, 22 Nov 2026 12:05:00 GMT", 300)]
    [InlineData("Sun, 22 Nov 2026 11:00:00 GMT", 0)]
    [InlineData("99999999", 86_400)]
    [InlineData("soon", null)]
    [InlineData(null, null)]
    public async Task Post_RetryAfter_IsPassedOnWithinADay(string? retryAfter, int? seconds)
    {
        await using var lab = Lab();
        Play(lab, 503, retryAfter is null ? [] : [$"Retry-After: {retryAfter}"]);

        var later = Assert.IsType<ReportDispatch.TryLater>(await PostAsync(lab));

        Assert.Equal(seconds, (int?)later.After?.TotalSeconds);
    }

    public static TheoryData<string> BadCertificates => ["self-signed", "expired", "wrong-name", "other-authority"];

    [Theory] // RPT-49, RFC 8460 §3, §7
    [MemberData(nameof(BadCertificates))]
    public async Task Post_BadCertificate_IsSentOnASecondConnectionAndLogged(string kind)
    {
        await using var lab = Lab();
        using var otherAuthority = new LabCertificateAuthority("Other", lab.Clock);
        var certificate = kind switch
        {
            "self-signed" => lab.Authority.IssueSelfSigned(Host),
            "expired" => lab.Authority.IssueExpired(Host),
            "wrong-name" => lab.Authority.IssueWrongName(),
            _ => otherAuthority.Issue(Host),
        };
        lab.Web.Play(Host, new PolicyHostScript { Certificate = certificate });

        Assert.IsType<ReportDispatch.Accepted>(await PostAsync(lab));

        Assert.Equal(2, lab.Web.Connections);
        Assert.Single(lab.Web.Requests);
        Assert.Equal(Host, Assert.Single(lab.Log.Named("report-endpoint-unverified")).Fields["Host"]);
    }

    [Fact] // RPT-49: a good certificate is verified and needs one connection
    public async Task Post_GoodCertificate_IsNotLogged()
    {
        await using var lab = Lab();
        Play(lab, 200);

        await PostAsync(lab);

        Assert.Equal(1, lab.Web.Connections);
        Assert.Empty(lab.Log.Named("report-endpoint-unverified"));
    }

    [Theory] // RPT-54, RFC 8460 §7
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    public async Task Post_PrivateAddress_IsRefusedUnlessAllowed(string address)
    {
        await using var lab = new PosterLab();
        lab.Dns.Zone.AddA(Host, address);
        Play(lab, 200);

        var refused = Assert.IsType<ReportDispatch.Refused>(await PostAsync(lab));

        Assert.Contains("TlsRpt:AllowPrivateHosts", refused.Detail, StringComparison.Ordinal);
        Assert.Equal(0, lab.Web.Connections);
    }

    [Theory] // RPT-05, RFC 8460 §3
    [InlineData("http://reports.test/")]
    [InlineData("ftp://reports.test/")]
    [InlineData("/relative")]
    public async Task Post_AnotherScheme_IsRefused(string address)
    {
        await using var lab = Lab();

        Assert.IsType<ReportDispatch.Refused>(
            await lab.Poster.PostAsync(SampleReport.Make(), new Uri(address, UriKind.RelativeOrAbsolute), PosterLab.Token));
        Assert.Equal(0, lab.Web.Connections);
    }

    [Theory] // RPT-50, RFC 8460 §5.5
    [InlineData(PolicyHostFault.DropBeforeTls)]
    [InlineData(PolicyHostFault.DropAfterRequest)]
    [InlineData(PolicyHostFault.Babble)]
    public async Task Post_BrokenConversation_ComesAgain(PolicyHostFault fault)
    {
        await using var lab = Lab();
        lab.Web.Play(Host, new PolicyHostScript { Certificate = lab.Authority.Issue(Host), Fault = fault });

        Assert.IsType<ReportDispatch.TryLater>(await PostAsync(lab));
    }

    [Fact] // RPT-50
    public async Task Post_NameThatIsNotThere_ComesAgain()
    {
        await using var lab = Lab();

        Assert.IsType<ReportDispatch.TryLater>(
            await lab.Poster.PostAsync(SampleReport.Make(), new Uri("https://nowhere.test/"), PosterLab.Token));
    }

    [Fact] // RPT-48: what the endpoint says besides its status is not waited for
    public async Task Post_EndlessAnswer_IsTakenByItsStatus()
    {
        await using var lab = Lab();
        lab.Web.Play(Host, new PolicyHostScript { Certificate = lab.Authority.Issue(Host), Fault = PolicyHostFault.Endless });

        Assert.IsType<ReportDispatch.Accepted>(await PostAsync(lab));
        Assert.InRange(lab.Web.OctetsSent, 0, 8 * 1024 * 1024);
    }

    [Fact] // RPT-50: two minutes for everything
    public async Task Post_SilentEndpoint_IsGivenUpAfterTwoMinutes()
    {
        await using var lab = Lab();
        lab.Web.Play(Host, new PolicyHostScript { Certificate = lab.Authority.Issue(Host), Fault = PolicyHostFault.Silence });

        var posting = PostAsync(lab);
        await Poll.UntilAsync(() => lab.Web.Requests.Count > 0, PosterLab.Token);

        lab.Clock.Advance(TimeSpan.FromSeconds(119));
        Assert.False(posting.IsCompleted);
        lab.Clock.Advance(TimeSpan.FromSeconds(2));

        Assert.Contains("took longer", Assert.IsType<ReportDispatch.TryLater>(await posting).Detail, StringComparison.Ordinal);
    }

    private static PosterLab Lab()
    {
        var lab = new PosterLab(("TlsRpt:AllowPrivateHosts", "true"));
        lab.Dns.Zone.AddA(Host, "127.0.0.1");
        return lab;
    }

    private static void Play(PosterLab lab, int status, params string[] headers) =>
        lab.Web.Play(Host, new PolicyHostScript { Certificate = lab.Authority.Issue(Host), Status = status, Headers = headers });

    private static Task<ReportDispatch> PostAsync(PosterLab lab, string path = "/") =>
        lab.Poster.PostAsync(
            SampleReport.Make(),
            new Uri(string.Create(CultureInfo.InvariantCulture, $"https://{Host}:{lab.Web.EndPoint.Port}{path}")),
            PosterLab.Token).AsTask();
}
