using System.Net;
using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Relay.Dns;
using Relay.Lab;
using Relay.Lab.Certificates;
using Relay.Lab.Dns;
using Relay.Lab.Logging;
using Relay.Lab.Mx;
using Relay.Mail;
using Relay.Smtp;
using Relay.Smtp.Grammar;

namespace Relay.Delivery.Tests.Lab;

/// <summary>
/// The way out as the program composes it, with MX hosts on loopback addresses of their own that share one port, a
/// name table, a certificate authority and a clock that stands still.
/// </summary>
internal sealed class DeliveryLab : IAsyncDisposable
{
    public const string OwnName = "relay.lab.test";

    private readonly List<LabMx> _hosts = [];
    private readonly string _rootFile = Path.GetTempFileName();
    private readonly Lazy<ServiceProvider> _services;
    private int _messages;

    public DeliveryLab()
    {
        Authority = new LabCertificateAuthority(clock: Clock);
        Authority.WriteRootPem(_rootFile);
        Settings["Delivery:TrustedRootsFile"] = _rootFile;
        Settings["Delivery:AllowLoopback"] = "true";
        _services = new Lazy<ServiceProvider>(Compose);
    }

    public ManualClock Clock { get; } = new();

    public TableResolver Dns { get; } = new();

    public LogEvents Log { get; } = new();

    /// <summary>What the relay calls itself.</summary>
    public string HostName { get; set; } = OwnName;

    public LabCertificateAuthority Authority { get; }

    /// <summary>Configuration; read when the first message goes out.</summary>
    public Dictionary<string, string?> Settings { get; } = [];

    public List<IDeliveryMiddleware> Middleware { get; } = [];

    /// <summary>A name server to ask over the wire, instead of the name table.</summary>
    public LabDnsServer? NameServer { get; set; }

    public IReadOnlyList<IPEndPoint> Listeners { get; set; } = [];

    public int Port { get; private set; }

    public T Get<T>()
        where T : notnull => _services.Value.GetRequiredService<T>();

    /// <summary>An MX host for a domain at a name, with its address in the name table.</summary>
    public LabMx StartMx(string domain, string name, MxBehavior behavior, int preference = 10)
    {
        var host = StartHost(name, behavior);
        Dns.AddMx(domain, preference, name);
        return host;
    }

    /// <summary>A host at a name; several of one name are several addresses of it.</summary>
    public LabMx StartHost(string name, MxBehavior behavior, IPAddress? address = null)
    {
        address ??= NewAddress();
        var host = LabMx.Start(behavior, address, Port);
        _hosts.Add(host);
        Port = host.EndPoint.Port;
        Dns.AddAddress(name, address);
        return host;
    }

    /// <summary>A loopback address of this test's own, where nothing listens.</summary>
    public static IPAddress NewAddress() =>
        new([127, .. RandomNumberGenerator.GetBytes(2), (byte)RandomNumberGenerator.GetInt32(2, 250)]);

    /// <summary>Good manners and a good certificate for the names.</summary>
    public MxBehavior WithTls(params string[] names) => new() { HostName = names[0], Certificate = Authority.Issue(names) };

    public Task<DeliveryAttempt> DeliverAsync(string domain, params string[] localParts) =>
        RunAsync(Attempt(domain, localParts.Length == 0 ? ["ann"] : localParts));

    public async Task<DeliveryAttempt> RunAsync(DeliveryAttempt attempt)
    {
        await Get<IDeliveryPipeline>().DeliverAsync(attempt, TestContext.Current.CancellationToken);
        return attempt;
    }

    public DeliveryAttempt Attempt(
        string domain, IEnumerable<string> localParts, MessageContent? content = null, MailFrom? mail = null) => new()
        {
            QueueId = $"Q{Interlocked.Increment(ref _messages)}",
            Destination = MailDomain.Of(domain),
            Mail = mail ?? new MailFrom(new ReversePath(new Mailbox("app", "corp.example"))),
            Recipients = [.. localParts.Select(local => new AttemptRecipient(new RcptTo(new Mailbox(local, domain))))],
            Content = content ?? new BytesContent("Subject: hello\r\n\r\nText.\r\n"),
            IsFinal = false,
        };

    public async ValueTask DisposeAsync()
    {
        if (_services.IsValueCreated)
        {
            await _services.Value.DisposeAsync();
        }

        foreach (var host in _hosts)
        {
            await host.DisposeAsync();
        }

        Authority.Dispose();
        File.Delete(_rootFile);
        Assert.DoesNotContain(Log.All, logged => logged.Level >= LogLevel.Error && logged.Name != "delivery-fault");
    }

    private ServiceProvider Compose()
    {
        Settings.TryAdd("Delivery:Port", (Port == 0 ? 25 : Port).ToString(System.Globalization.CultureInfo.InvariantCulture));
        var services = new ServiceCollection();
        services.AddSingleton<TimeProvider>(Clock);
        if (NameServer is null)
        {
            services.AddSingleton<IDnsResolver>(Dns);
        }
        else
        {
            Settings["Dns:Servers:0"] = NameServer.Address;
            services.AddRelayDns();
        }

        services.AddSingleton<IConfiguration>(new ConfigurationBuilder().AddInMemoryCollection(Settings).Build());
        services.AddSingleton(new DeliveryIdentity(HostName) { Listeners = Listeners });
        services.AddLogging(logging => logging.SetMinimumLevel(LogLevel.Trace).AddProvider(Log));
        foreach (var middleware in Middleware)
        {
            services.AddSingleton(middleware);
        }

        services.AddDelivery();
        return services.BuildServiceProvider();
    }
}
