using System.Text;
using Relay.Lab.Dns;
using Relay.Lab.PolicyHosts;

namespace Relay.Tests.Enforcement;

/// <summary>
/// The world as a row of scope discovery describes it. The domain had one MX host, which the remembered policy lists; it now
/// has another, which only the new policy lists, so that the delivery tells which of the two was applied.
/// </summary>
internal sealed class DiscoveryScene(PolicyLab lab, EnforcementRow row, string mode)
{
    public const int ShortAge = 60;
    private const int RefreshedAge = 600;

    public string Domain { get; } = row.Domain(mode);

    public string PolicyHost => $"mta-sts.{Domain}";

    public string OldMx => $"old.{Domain}";

    public string NewMx => $"new.{Domain}";

    /// <summary>How long the remembered policy lasts, in seconds.</summary>
    public int OldAge => row.Event.StartsWith("cached-policy-expired", StringComparison.Ordinal) ? ShortAge
        : row.Event == "cached-policy-refresh-due-fails" ? RefreshedAge
        : PolicyLab.LongAge;

    private string Fresh => PolicyLab.Policy(
        row.Event == "fetched-mode-none" ? "none" : "enforce", row.Event == "fetched-max-age-zero" ? 0 : PolicyLab.LongAge, NewMx);

    /// <summary>The MX host moves, and the event happens.</summary>
    public void Happen()
    {
        lab.SetMx(Domain, NewMx);
        if (row.Event.StartsWith("cached-policy", StringComparison.Ordinal))
        {
            Age();
        }
        else if (row.Event != "txt-id-unchanged")
        {
            lab.Publish(Domain, "new", Fresh);
            Break();
        }
    }

    private void Age()
    {
        switch (row.Event)
        {
            case "cached-policy-expired-refresh-fails":
                lab.PublishRecord(Domain, "v=STSv1; id=old;");
                lab.Web.Play(PolicyHost, Good() with { Status = 404 });
                break;
            case "cached-policy-expired-txt-absent":
                lab.PublishRecord(Domain);
                break;
            case "cached-policy-expired-txt-temporary-failure":
                lab.Dns.SetFault($"_mta-sts.{Domain}", LabDnsType.Txt, LabDnsFault.ServerFailure);
                break;
            default:
                lab.Web.Play(PolicyHost, Good() with { Status = 404 });
                break;
        }
    }

    private void Break()
    {
        switch (row.Event)
        {
            case "txt-absent":
                lab.PublishRecord(Domain);
                break;
            case "txt-temporary-failure":
                lab.Dns.SetFault($"_mta-sts.{Domain}", LabDnsType.Txt, LabDnsFault.ServerFailure);
                break;
            case "txt-multiple":
                lab.PublishRecord(Domain, "v=STSv1; id=new;", "v=STSv1; id=new;");
                break;
            case "txt-invalid":
                lab.PublishRecord(Domain, "v=STSv1; id=not-good;");
                break;
            case "policy-host-nxdomain":
                lab.Dns.Zone.Remove(PolicyHost);
                break;
            case "policy-host-dns-temporary-failure":
                lab.Dns.SetFault(PolicyHost, LabDnsType.None, LabDnsFault.ServerFailure);
                break;
            case "policy-connect-failure":
                lab.Dns.Zone.Remove(PolicyHost).AddA(PolicyHost, "127.22.0.1");
                break;
            case { } name when name.StartsWith("policy-", StringComparison.Ordinal):
                lab.Web.Play(PolicyHost, Script());
                break;
        }
    }

    private PolicyHostScript Good() => PolicyHostScript.Serve(lab.Authority.Issue(PolicyHost), Fresh);

    private PolicyHostScript Script()
    {
        var (good, authority) = (Good(), lab.Authority);
        return row.Event switch
        {
            "policy-fetch-timeout" => good with { Fault = PolicyHostFault.Silence },
            "policy-tls-handshake-failure" => good with { Fault = PolicyHostFault.DropBeforeTls },
            "policy-http-404" or "policy-fetch-backoff" => good with { Status = 404 },
            "policy-http-410" => good with { Status = 410 },
            "policy-http-500" => good with { Status = 500 },
            "policy-http-204" => good with { Status = 204 },
            "policy-http-redirect-301" => good with { Status = 301, Headers = [$"Location: https://{PolicyHost}:{lab.Web.EndPoint.Port}/moved"] },
            "policy-http-304" => good with { Status = 304 },
            "policy-wrong-content-type" => good with { ContentType = "text/html" },
            "policy-missing-content-type" => good with { ContentType = null },
            "policy-body-truncated" => good with { Fault = PolicyHostFault.Truncate },
            "policy-body-too-large" => good with { Body = Encoding.ASCII.GetBytes(Fresh + "pad: " + new string('a', 65_536)) },
            "policy-syntax-invalid" => good with { Body = "version: STSv1\nmode\n"u8.ToArray() },
            "policy-empty-body" => good with { Body = ReadOnlyMemory<byte>.Empty },
            "policy-unsupported-version" => good with { Body = Encoding.ASCII.GetBytes(Fresh.Replace("STSv1", "STSv2", StringComparison.Ordinal)) },
            "policy-webpki-expired" => good with { Certificate = authority.IssueExpired(PolicyHost) },
            "policy-webpki-untrusted" => good with { Certificate = authority.IssueSelfSigned(PolicyHost) },
            "policy-webpki-name-mismatch" => good with { Certificate = authority.IssueWrongName() },
            "policy-webpki-cn-only" => good with { Certificate = authority.IssueCommonNameOnly(PolicyHost) },
            "policy-webpki-wildcard-ok" => good with { Certificate = authority.Issue($"*.{Domain}") },
            _ => throw new ArgumentOutOfRangeException(nameof(row), row.Event, "the table has a row without a scene"),
        };
    }
}
