using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Options;
using Polly;
using Polly.Timeout;
using Relay.Https;
using Relay.Mail;
using Relay.TlsRpt.Format;

namespace Relay.TlsRpt.Sending;

/// <summary>
/// Posts reports (RFC 8460 §5.4). Taken: any 2xx. Again later: 408, 425, 429, 5xx, and whatever the network does. Never again:
/// every other status, redirects among them, and endpoints inside somebody's network.
/// </summary>
internal sealed class ReportPoster : IReportPoster
{
    /// <summary>The client that insists on the certificate.</summary>
    public const string VerifyingClient = "tls-report";

    /// <summary>The client that does not.</summary>
    public const string UnverifyingClient = "tls-report-unverified";

    // Names to the answer's header: 10 MB on a slow line, and no endpoint holds a place for long.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    // RFC 8460 §5.5: after a day the report is dropped anyhow.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly IHttpClientFactory _clients;
    private readonly WebHostResolver _resolver;
    private readonly TimeProvider _clock;
    private readonly ResiliencePipeline _pipeline;
    private readonly bool _allowsPrivate;

    public ReportPoster(IHttpClientFactory clients, WebHostResolver resolver, IOptions<TlsRptOptions> options, TimeProvider clock)
    {
        (_clients, _resolver, _clock, _allowsPrivate) = (clients, resolver, clock, options.Value.AllowPrivateHosts);
        _pipeline = new ResiliencePipelineBuilder { TimeProvider = clock }.AddTimeout(Limit).Build();
    }

    public async ValueTask<ReportDispatch> PostAsync(TlsReportDocument report, Uri endpoint, CancellationToken cancellationToken)
    {
        // RFC 8460 §3: plain http is no destination of reports.
        if (!endpoint.IsAbsoluteUri || endpoint.Scheme != Uri.UriSchemeHttps
            || !DomainName.TryParse(endpoint.IdnHost, out var host) || host.IsRoot)
        {
            return new ReportDispatch.Refused($"{endpoint} is no https address of a named host");
        }

        try
        {
            return await _pipeline.ExecuteAsync(
                static (state, token) => state.Poster.PostToAsync(state.report, state.endpoint, state.host, token),
                (Poster: this, report, endpoint, host),
                cancellationToken);
        }
        catch (TimeoutRejectedException)
        {
            return new ReportDispatch.TryLater($"{host} took longer than {Limit}", null);
        }
    }

    private async ValueTask<ReportDispatch> PostToAsync(
        TlsReportDocument report, Uri endpoint, DomainName host, CancellationToken cancellationToken)
    {
        switch (await _resolver.ResolveAsync(host, _allowsPrivate, cancellationToken))
        {
            // RFC 8460 §7: whoever writes the record chooses the endpoint, and may choose one inside our own network.
            case HostAddresses.None { Reason: HostAddresses.None.PrivateAddress } inside:
                return new ReportDispatch.Refused($"{inside.Detail} (TlsRpt:AllowPrivateHosts)");
            case HostAddresses.None none:
                return new ReportDispatch.TryLater(none.Detail, null);
            case HostAddresses.Found found:
                return await PostToAsync(report, endpoint, found.Addresses, cancellationToken);
            default:
                throw new UnreachableException();
        }
    }

    private async ValueTask<ReportDispatch> PostToAsync(
        TlsReportDocument report, Uri endpoint, IReadOnlyList<IPAddress> addresses, CancellationToken cancellationToken)
    {
        try
        {
            return await ExchangeAsync(VerifyingClient, report, endpoint, addresses, cancellationToken);
        }
        catch (HttpRequestException failure) when (failure.HttpRequestError == HttpRequestError.SecureConnectionError)
        {
            // RFC 8460 §3: the certificate may be passed over; a report tells the domain what is wrong with it, too. Nothing of
            // the report was sent yet. What is no fault of the certificate fails here again.
            return await PostUnverifiedAsync(report, endpoint, addresses, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return new ReportDispatch.TryLater(WebFailure.TextOf(failure), null);
        }
    }

    private async ValueTask<ReportDispatch> PostUnverifiedAsync(
        TlsReportDocument report, Uri endpoint, IReadOnlyList<IPAddress> addresses, CancellationToken cancellationToken)
    {
        try
        {
            return await ExchangeAsync(UnverifyingClient, report, endpoint, addresses, cancellationToken);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException)
        {
            return new ReportDispatch.TryLater(WebFailure.TextOf(failure), null);
        }
    }

    private async ValueTask<ReportDispatch> ExchangeAsync(
        string clientName, TlsReportDocument report, Uri endpoint, IReadOnlyList<IPAddress> addresses, CancellationToken cancellationToken)
    {
        using var request = RequestFor(report, endpoint, addresses);
        using var client = _clients.CreateClient(clientName);

        // The status is all that matters; the body, of whatever length, is never read.
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        return Judge(response);
    }

    private static HttpRequestMessage RequestFor(TlsReportDocument report, Uri endpoint, IReadOnlyList<IPAddress> addresses)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new ReadOnlyMemoryContent(report.Gzip) };

        // RFC 8460 §5.4, §6.5: the media type says that it is compressed, a Content-Encoding would say it twice.
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/tlsrpt+gzip");
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("relay-tls-report", null));

        // The next report is a day away.
        request.Headers.ConnectionClose = true;
        request.Options.Set(WebHandler.Addresses, addresses);
        return request;
    }

    // RFC 8460 §5.4: "a successful status, typically 200 or 201", is read as any 2xx.
    private ReportDispatch Judge(HttpResponseMessage response)
    {
        var status = (int)response.StatusCode;
        var detail = "HTTP status " + status.ToString(CultureInfo.InvariantCulture);
        return status switch
        {
            >= 200 and < 300 => new ReportDispatch.Accepted(detail),
            408 or 425 or 429 or >= 500 => new ReportDispatch.TryLater(detail, WaitAsked(response.Headers.RetryAfter)),
            _ => new ReportDispatch.Refused(detail),
        };
    }

    // RFC 9110 §10.2.3: seconds, or a date.
    private TimeSpan? WaitAsked(RetryConditionHeaderValue? retryAfter)
    {
        var wait = retryAfter?.Delta ?? (retryAfter?.Date - _clock.GetUtcNow());
        return wait is not { } asked ? null : asked < TimeSpan.Zero ? TimeSpan.Zero : asked > LongestWait ? LongestWait : asked;
    }
}
