using System.Net;
using System.Net.Sockets;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.LoadTest.Load;

namespace Relay.LoadTest.Backlog;

/// <summary>
/// Name server, sinks and the hosts that are no use: one that never answers a SYN, one that refuses connections, and domains
/// whose name servers are silent.
/// </summary>
internal sealed class BacklogInternet : IAsyncDisposable
{
    /// <summary>The domain whose host does not answer.</summary>
    public const string Dead = "dead.test";

    /// <summary>Every domain below it has a host that refuses connections.</summary>
    public const string Refusing = "refusing.test";

    private static readonly IPAddress DeadAddress = IPAddress.Parse("127.0.0.201");
    private static readonly IPAddress RefusingAddress = IPAddress.Parse("127.0.0.202");
    private static readonly TimeSpan Unanswered = TimeSpan.FromMilliseconds(500);

    private readonly LabCertificateAuthority _authority = new();
    private readonly LabCertificate _certificate;
    private readonly Socket _dead = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _stuck = [];

    /// <summary>Starts it; the sinks note what arrives in the ledger.</summary>
    public BacklogInternet(LoadPlan sinks, LoadCorpus corpus, LoadLedger ledger)
    {
        _certificate = _authority.IssueSelfSigned("*.load.test");
        Sink = LoadSink.Start(sinks, corpus, ledger, _certificate.Context);
        for (var domain = 0; domain < sinks.Domains; domain++)
        {
            var name = LoadPlan.DomainName(domain);
            Dns.Zone.AddMx(name, 10, "mx." + name).AddAddress("mx." + name, LoadSink.AddressOf(domain));
        }

        Dns.Zone.AddMx(Dead, 10, "mx." + Dead).AddAddress("mx." + Dead, DeadAddress);
        Dns.Zone.AddAddress("*." + Refusing, RefusingAddress);
        for (var domain = 0; domain < BacklogPlan.TroubledDomains; domain++)
        {
            Dns.SetFault(MuteDomain(domain), LabDnsType.Mx, new LabDnsFault.Silence());
        }
    }

    /// <summary>The name server.</summary>
    public LabDnsServer Dns { get; } = LabDnsServer.Start();

    /// <summary>The hosts that take mail.</summary>
    public LoadSink Sink { get; }

    /// <summary>A domain whose name servers are silent.</summary>
    public static string MuteDomain(int number) => $"m{number}.mute.test";

    /// <summary>Makes the dead host dead: with its queue of connections full, the kernel drops every SYN to it.</summary>
    public async Task BlockAsync(CancellationToken cancellationToken)
    {
        var target = new IPEndPoint(DeadAddress, Sink.Port);
        _dead.Bind(target);
        _dead.Listen(0);
        while (true)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _stuck.Add(socket);
            try
            {
                await socket.ConnectAsync(target, cancellationToken).AsTask().WaitAsync(Unanswered, TimeProvider.System, cancellationToken);
            }
            catch (TimeoutException)
            {
                return;
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        _stuck.ForEach(socket => socket.Dispose());
        _dead.Dispose();
        await Sink.DisposeAsync();
        await Dns.DisposeAsync();
        _certificate.Dispose();
        _authority.Dispose();
    }
}
