using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Relay.Tls;

namespace Relay.Https;

/// <summary>What the relay's HTTPS clients have in common: as little of a browser as can be.</summary>
public static class WebHandler
{
    /// <summary>In KiB; whom we ask has nothing to say in headers.</summary>
    public const int MaxHeadersLength = 16;

    /// <summary>Where this request's connection may go; set by the caller, read when the connection is made.</summary>
    public static HttpRequestOptionsKey<IReadOnlyList<IPAddress>> Addresses { get; } = new("addresses");

    /// <summary>Called with the address that took this request's connection, before TLS; set by the caller who wants to know.</summary>
    public static HttpRequestOptionsKey<Action<IPAddress>> Dialed { get; } = new("dialed");

    /// <summary>Called when this request's connection stands, TLS and all; set by the caller who wants to know.</summary>
    public static HttpRequestOptionsKey<Action> Connected { get; } = new("connected");

    /// <summary>Sets up a client of <see cref="IHttpClientFactory"/>.</summary>
    public static void Configure(HttpClient client)
    {
        // Every caller has a limit of its own, driven by the relay's clock.
        client.Timeout = Timeout.InfiniteTimeSpan;
        client.DefaultRequestVersion = HttpVersion.Version11;
        client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
    }

    /// <summary>A handler that connects only where it is told and trusts only whom it is told.</summary>
    public static SocketsHttpHandler Create(
        HappyEyeballs race, X509ChainPolicy chainPolicy, RemoteCertificateValidationCallback accept) =>
        new()
        {
            // RFC 8461 §3.3, RFC 8460 §7: redirects are not followed.
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            PooledConnectionLifetime = TimeSpan.Zero,
            MaxResponseHeadersLength = MaxHeadersLength,
            MaxResponseDrainSize = 0,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ConnectTimeout = Timeout.InfiniteTimeSpan,
            ConnectCallback = async (context, cancellationToken) =>
            {
                // The addresses were resolved and judged before the request; the name is not looked up again.
                var found = context.InitialRequestMessage.Options.TryGetValue(Addresses, out var addresses) ? addresses : [];
                var socket = await race.ConnectAsync(found, context.DnsEndPoint.Port, cancellationToken);
                if (context.InitialRequestMessage.Options.TryGetValue(Dialed, out var dialed) && socket.RemoteEndPoint is IPEndPoint peer)
                {
                    dialed(peer.Address);
                }

                return new NetworkStream(socket, ownsSocket: true);
            },
            PlaintextStreamFilter = static (context, _) =>
            {
                if (context.InitialRequestMessage.Options.TryGetValue(Connected, out var connected))
                {
                    connected();
                }

                return ValueTask.FromResult(context.PlaintextStream);
            },
            SslOptions = TlsOptions(chainPolicy, accept),
        };

    private static SslClientAuthenticationOptions TlsOptions(X509ChainPolicy chainPolicy, RemoteCertificateValidationCallback accept)
    {
        var options = new SslClientAuthenticationOptions
        {
            CertificateChainPolicy = chainPolicy,
            RemoteCertificateValidationCallback = accept,
        };
        // RFC 8461 §7.2, RFC 9325 §3.1.1: TLS 1.2 or newer, and nothing weaker on a second try. SNI and the name to verify are
        // the URI's host (§7.1).
        TlsOffer.Sound.ApplyTo(options);
        return options;
    }
}
