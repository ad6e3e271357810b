using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using Microsoft.Extensions.DependencyInjection;

namespace Relay.MtaSts.Discovery;

/// <summary>The HTTP client that fetches policies: as little of a browser as can be.</summary>
internal static class PolicyHttp
{
    /// <summary>Its name with <see cref="IHttpClientFactory"/>.</summary>
    public const string ClientName = "mta-sts";

    // In KiB; a policy host has nothing to say in headers.
    private const int MaxHeadersLength = 16;

    /// <summary>Where this request's connection may go; set by the fetch, read when the connection is made.</summary>
    public static HttpRequestOptionsKey<IReadOnlyList<IPAddress>> Addresses { get; } = new("mta-sts-addresses");

    public static void Add(IServiceCollection services) =>
        services.AddHttpClient(ClientName)
            .ConfigureHttpClient(static client =>
            {
                // The fetch has a limit of its own, driven by the relay's clock.
                client.Timeout = Timeout.InfiniteTimeSpan;
                client.DefaultRequestVersion = HttpVersion.Version11;
                client.DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact;
            })
            .ConfigurePrimaryHttpMessageHandler(static provider => Handler(
                provider.GetRequiredService<PolicyHostCertificates>(), provider.GetRequiredService<AddressRace>()))
            .RemoveAllLoggers();

    public static HttpRequestMessage Request(Uri address, IReadOnlyList<IPAddress> addresses)
    {
        // RFC 8461 §3.3: no caching; every fetch asks the origin and names no earlier answer.
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("relay-mta-sts", null));

        // The next fetch from this host is a day away.
        request.Headers.ConnectionClose = true;
        request.Options.Set(Addresses, addresses);
        return request;
    }

    private static SocketsHttpHandler Handler(PolicyHostCertificates certificates, AddressRace race) => new()
    {
        // RFC 8461 §3.3: redirects are not followed.
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
            var found = context.InitialRequestMessage.Options.TryGetValue(Addresses, out var addresses)
                ? addresses
                : [];
            var socket = await race.ConnectAsync(found, context.DnsEndPoint.Port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
        SslOptions = new SslClientAuthenticationOptions
        {
            // RFC 8461 §7.2, RFC 9325 §3.1.1: TLS 1.2 or newer. SNI and the name to verify are the URI's host (§7.1).
#pragma warning disable CA5398 // The floor is the RFC's, not the operating system's.
            EnabledSslProtocols = SslProtocols.Tls12 | SslProtocols.Tls13,
#pragma warning restore CA5398
            CertificateChainPolicy = certificates.ChainPolicy(),
            RemoteCertificateValidationCallback = certificates.Accept,
        },
    };
}
