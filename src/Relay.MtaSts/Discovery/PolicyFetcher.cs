using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Net;
using Polly;
using Polly.Timeout;
using Relay.Delivery.Observations;
using Relay.Https;
using Relay.Mail;
using Relay.Tls;

namespace Relay.MtaSts.Discovery;

/// <summary>Fetches a policy by HTTPS from <c>mta-sts.</c> and its domain (RFC 8461 §3.3).</summary>
internal sealed class PolicyFetcher : IPolicyFetcher
{
    /// <summary>
    /// How long a policy host may take, within the time for the whole, until TCP and TLS stand: four packets that get lost, but
    /// not a minute for everyone who takes connections and says nothing.
    /// </summary>
    public static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(10);

    private readonly IHttpClientFactory _clients;
    private readonly WebHostResolver _resolver;
    private readonly PolicyHostCertificates _certificates;
    private readonly ResiliencePipeline _pipeline;
    private readonly StsMetrics _metrics;
    private readonly PolicyClock _clock;

    public PolicyFetcher(
        IHttpClientFactory clients,
        WebHostResolver resolver,
        PolicyHostCertificates certificates,
        StsMetrics metrics,
        PolicyClock clock)
    {
        (_clients, _resolver, _certificates, _metrics, _clock) = (clients, resolver, certificates, metrics, clock);

        // RFC 8461 §3.3: one minute for everything, names to last octet, however slowly a host trickles.
        _pipeline =
            new ResiliencePipelineBuilder { TimeProvider = clock.Time }.AddTimeout(clock.Options.FetchTimeout).Build();
    }

    public async ValueTask<PolicyFetch> FetchAsync(DomainName domain, CancellationToken cancellationToken)
    {
        var fetch = await FetchInTimeAsync(domain, null, cancellationToken);
        _metrics.CountFetch(fetch);
        return fetch;
    }

    public ValueTask<PolicyFetch> FetchFromAsync(DomainName domain, IPAddress address, CancellationToken cancellationToken) =>
        FetchInTimeAsync(domain, address, cancellationToken);

    private async ValueTask<PolicyFetch> FetchInTimeAsync(DomainName domain, IPAddress? only, CancellationToken cancellationToken)
    {
        // RFC 8461 §3.2: the policy host is "mta-sts." and the policy domain, never a name that DNS led to.
        if (!domain.TryPrepend("mta-sts", out var host))
        {
            return PolicyResponse.FetchError("policy-host-not-found", "the policy host would have a name that no host can have");
        }

        if (!TryGetAddress(host, out var address))
        {
            return PolicyResponse.FetchError("policy-host-not-found", $"{host} cannot stand in a URI");
        }

        try
        {
            return await _pipeline.ExecuteAsync(
                static (state, token) => state.Fetcher.FetchFromHostAsync(state.host, state.address, state.only, token),
                (Fetcher: this, host, address, only),
                cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            return PolicyResponse.FetchError("timeout", $"{host} took longer than {_clock.Options.FetchTimeout}");
        }
    }

    private async ValueTask<PolicyFetch> FetchFromHostAsync(
        DomainName host, Uri address, IPAddress? only, CancellationToken cancellationToken)
    {
        switch (await _resolver.ResolveAsync(host, _clock.Options.AllowPrivateHosts, cancellationToken))
        {
            case HostAddresses.None none:
                return PolicyResponse.FetchError(
                    "policy-host-" + none.Reason,
                    none.Reason == HostAddresses.None.PrivateAddress ? $"{none.Detail} (MtaSts:AllowPrivateHosts)" : none.Detail);
            case HostAddresses.Found found:
                var addresses = only is null ? found.Addresses : [.. found.Addresses.Where(only.Equals)];
                return addresses.Count > 0
                    ? await ExchangeAsync(host, address, addresses, cancellationToken)
                    : PolicyResponse.FetchError("policy-host-private-address", $"{only} is no public address, or no longer one of {host}");

            default:
                throw new UnreachableException();
        }
    }

    private async ValueTask<PolicyFetch> ExchangeAsync(
        DomainName host, Uri address, IReadOnlyList<IPAddress> addresses, CancellationToken cancellationToken)
    {
        using var request = PolicyHttp.Request(address, addresses);
        IPAddress? peer = null;
        _certificates.TakeRefusal(host);
        request.Options.Set(WebHandler.Dialed, taken => Volatile.Write(ref peer, taken));
        using var connecting = new Deadline(ConnectTimeout, _clock.Time, cancellationToken);
        request.Options.Set(WebHandler.Connected, connecting.Stop);
        try
        {
            using var client = _clients.CreateClient(PolicyHttp.ClientName);
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, connecting.Token);
            return await PolicyResponse.ReadAsync(response, cancellationToken);
        }
        catch (OperationCanceledException) when (connecting.Expired)
        {
            return PolicyResponse.FetchError("timeout", $"{host} at {string.Join(", ", addresses)} took longer than {ConnectTimeout} to connect");
        }
        catch (HttpRequestException failure)
        {
            return new PolicyFetch.Failed(Explain(failure, Volatile.Read(ref peer), _certificates.TakeRefusal(host)));
        }
        catch (IOException failure)
        {
            return PolicyResponse.FetchError("truncated-body", $"{Volatile.Read(ref peer)}: {WebFailure.TextOf(failure)}");
        }
    }

    // RFC 8461 §3.3: the policy host is the host of the URI, whole, and no part of its name is read as a port, a path or a user; the name
    // to connect to and the name to verify would differ then.
    private bool TryGetAddress(DomainName host, [NotNullWhen(true)] out Uri? address) =>
        Uri.TryCreate(
            string.Create(CultureInfo.InvariantCulture, $"https://{host}:{_clock.Options.FetchPort}/.well-known/mta-sts.txt"),
            UriKind.Absolute,
            out address)
        && string.Equals(address.IdnHost, host.Value, StringComparison.Ordinal);

    private static PolicyFailure Explain(HttpRequestException failure, IPAddress? peer, CertificateVerdict? refused)
    {
        if (refused is not null)
        {
            return new PolicyFailure(TlsResultType.StsWebPkiInvalid, WordFor(refused.Faults), $"{peer}: {refused.Detail}") { Certificate = refused };
        }

        var reason = failure.HttpRequestError switch
        {
            HttpRequestError.SecureConnectionError => "tls-handshake-failure",
            HttpRequestError.ConnectionError => "connect-failure",
            HttpRequestError.ResponseEnded => "truncated-response",
            HttpRequestError.ConfigurationLimitExceeded => "http-header-too-large",
            _ => "http-protocol",
        };
        var text = WebFailure.TextOf(failure);
        return new PolicyFailure(TlsResultType.StsPolicyFetchError, reason, peer is null ? text : $"{peer}: {text}");
    }

    private static string WordFor(CertificateFaults faults) =>
        faults.HasFlag(CertificateFaults.NotTrusted) ? "certificate-not-trusted"
        : faults.HasFlag(CertificateFaults.Expired) ? "certificate-expired"
        : "certificate-host-mismatch";
}
