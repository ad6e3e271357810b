using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using Relay.Https;

namespace Relay.MtaSts.Discovery;

/// <summary>The HTTP client that fetches policies: as little of a browser as can be.</summary>
internal static class PolicyHttp
{
    /// <summary>Its name with <see cref="IHttpClientFactory"/>.</summary>
    public const string ClientName = "mta-sts";

    public static void Add(IServiceCollection services) =>
        services.AddHttpClient(ClientName)
            .ConfigureHttpClient(WebHandler.Configure)
            .ConfigurePrimaryHttpMessageHandler(static provider =>
            {
                var certificates = provider.GetRequiredService<PolicyHostCertificates>();
                return WebHandler.Create(provider.GetRequiredService<HappyEyeballs>(), certificates.ChainPolicy(), certificates.Accept);
            })
            .RemoveAllLoggers();

    public static HttpRequestMessage Request(Uri address, IReadOnlyList<IPAddress> addresses)
    {
        // RFC 8461 §3.3: no caching; every fetch asks the origin and names no earlier answer.
        var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/plain"));

        // RFC 9110 §12.5.3: without this field every coding is welcome, and one that we do not read would hide the policy.
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("relay-mta-sts", null));

        // The next fetch from this host is a day away.
        request.Headers.ConnectionClose = true;
        request.Options.Set(WebHandler.Addresses, addresses);
        return request;
    }
}
