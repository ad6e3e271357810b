using System.Net;
using System.Net.Sockets;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Mx;

namespace Relay.Torture;

/// <summary>
/// The Internet around the tortured relay: DNS, an MX host for each domain and one for the senders', and the troubles they
/// have for a while. Every second domain demands a verified certificate of its host, so that trouble with TLS holds mail back.
/// </summary>
internal sealed class TortureInternet : IAsyncDisposable
{
    private readonly TorturePlan _plan;
    private readonly LabDnsServer _dns = LabDnsServer.Start();
    private readonly LabCertificateAuthority _authority = new();
    private readonly LabCertificate _certificate;
    private readonly LabCertificate _expired;
    private readonly List<TortureSink> _sinks;
    private readonly MxBehavior _usual;
    private readonly List<string> _misled = [];

    public TortureInternet(TorturePlan plan)
    {
        _plan = plan;
        _certificate = _authority.Issue("*.torture.test", "mx." + TortureMail.SenderDomain);
        _expired = _authority.IssueExpired("*.torture.test");
        _usual = new MxBehavior { Certificate = _certificate }
            .At("RCPT", TortureMail.RefusedMark, MxAction.Reply("550 5.1.1 No such user"));
        _sinks = StartSinks();
        _dns.Zone.WithTtl(1);
        for (var domain = 0; domain < plan.Domains; domain++)
        {
            Publish(TortureMail.DomainName(domain), HostName(domain), AddressOf(domain));
        }

        Publish(TortureMail.SenderDomain, "mx." + TortureMail.SenderDomain, AddressOf(plan.Domains));
    }

    /// <summary>The settings of a relay in this Internet.</summary>
    /// <param name="directory">For its configuration and its data.</param>
    public Dictionary<string, string> Settings(string directory)
    {
        var roots = Path.Combine(directory, "roots.pem");
        _authority.WriteRootPem(roots);
        var settings = RelayProcess.LabSettings(directory, _dns.Address, _sinks[0].Host.EndPoint.Port);
        settings["Delivery:TrustedRootsFile"] = roots;
        settings["Delivery:MaxConcurrency"] = $"{_plan.MaxConcurrency}";
        settings["Queue:MinFreeOctets"] = $"{_plan.MinFreeOctets}";
        settings["Dns:Timeout"] = "00:00:01";
        settings["Queue:RetrySchedule:0"] = "00:00:01";
        settings["Relay:MaxConnectionsPerAddress"] = $"{_plan.Sessions * 4}";
        for (var route = 0; route < _plan.Domains / 2; route++)
        {
            settings[$"Relay:Routes:{route}:Domain"] = TortureMail.DomainName(route * 2);
            settings[$"Relay:Routes:{route}:Tls"] = "VerifiedPkix";
        }

        return settings;
    }

    /// <summary>Draws one trouble and begins it; gives its name.</summary>
    public string Trouble(Random random)
    {
        var domain = random.Next(_plan.Domains);
        switch (random.Next(10))
        {
            case < 3:
                return DnsTrouble.Inject(random, _dns, TortureMail.DomainName(domain));
            case 3:
                Publish(TortureMail.DomainName(domain), HostName(domain), IPAddress.Parse(DnsTrouble.Nowhere));
                _misled.Add(TortureMail.DomainName(domain));
                return "dns-wrong-address";
            case < 7:
                var (tls, overTls) = MxTrouble.DrawTls(random, _usual, _expired);
                Spread(random, overTls);
                return tls;
            default:
                var (smtp, behavior) = MxTrouble.DrawSmtp(random, _usual);
                Spread(random, behavior);
                return smtp;
        }
    }

    /// <summary>Makes every MX host turn every connection away.</summary>
    public void CloseDown()
    {
        foreach (var sink in _sinks)
        {
            sink.Host.Behavior = _usual.At(MxRule.Connect, MxAction.ReplyAndClose("421 4.3.2 Closed"));
        }
    }

    /// <summary>Ends all troubles.</summary>
    public void Lift()
    {
        _dns.ClearFaults();
        foreach (var domain in Enumerable.Range(0, _plan.Domains).Where(domain => _misled.Contains(TortureMail.DomainName(domain))))
        {
            Publish(TortureMail.DomainName(domain), HostName(domain), AddressOf(domain));
        }

        _misled.Clear();
        _sinks.ForEach(sink => sink.Host.Behavior = _usual);
        Release();
    }

    /// <summary>Lets every host that says nothing go on.</summary>
    public void Release() => _sinks.ForEach(sink => sink.Host.Release());

    /// <summary>The relay has ended, and another life begins.</summary>
    public void EndLife() => _sinks.ForEach(sink => sink.EndLife());

    /// <summary>Tells the ledger what has come since the last time.</summary>
    public void Collect(TortureMail mail, TortureLedger ledger)
    {
        _dns.Queries.Clear();
        _sinks.ForEach(sink => sink.Collect(mail, ledger));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sink in _sinks)
        {
            await sink.DisposeAsync();
        }

        await _dns.DisposeAsync();
        _certificate.Dispose();
        _expired.Dispose();
        _authority.Dispose();
    }

    private static string HostName(int domain) => $"mx{domain}.torture.test";

    private static IPAddress AddressOf(int domain) => new([127, 0, 1, (byte)(1 + domain)]);

    private void Publish(string domain, string host, IPAddress address)
    {
        _dns.Zone.Remove(domain).Remove(host);
        _dns.Zone.AddMx(domain, 10, host).AddAddress(host, address);
    }

    private void Spread(Random random, MxBehavior behavior)
    {
        // A third of the hosts; the senders' own among them.
        foreach (var sink in _sinks)
        {
            if (random.Next(3) == 0)
            {
                sink.Host.Behavior = behavior;
            }
        }
    }

    private List<TortureSink> StartSinks()
    {
        while (true)
        {
            var sinks = new List<TortureSink>();
            try
            {
                for (var domain = 0; domain <= _plan.Domains; domain++)
                {
                    var name = domain == _plan.Domains ? TortureMail.SenderDomain : TortureMail.DomainName(domain);
                    var port = domain == 0 ? 0 : sinks[0].Host.EndPoint.Port;
                    sinks.Add(new TortureSink(name, LabMx.Start(_usual, AddressOf(domain), port)));
                }

                return sinks;
            }
            catch (SocketException failure) when (failure.SocketErrorCode is SocketError.AddressAlreadyInUse)
            {
                // The port that the first address got is taken on another; taken anew with the next try.
                _ = Task.WhenAll(sinks.Select(sink => sink.DisposeAsync().AsTask()));
            }
        }
    }
}
