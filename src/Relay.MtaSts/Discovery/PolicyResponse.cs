using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Relay.Delivery.Observations;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Discovery;

/// <summary>Takes a policy out of an HTTP response, or says why there is none in it (RFC 8461 §3.2, §3.3).</summary>
internal static class PolicyResponse
{
    private const string PlainText = "text/plain";

    public static async ValueTask<PolicyFetch> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        // RFC 8461 §3.3: only 200 carries a policy; neither redirects nor other successes do.
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            return FetchError("http-status-" + status, "the policy host answered " + status);
        }

        // RFC 8461 §3.2: the media type is text/plain; its parameters do not matter.
        if (!string.Equals(response.Content.Headers.ContentType?.MediaType, PlainText, StringComparison.OrdinalIgnoreCase))
        {
            return FetchError("content-type", $"the media type is \"{response.Content.Headers.ContentType}\", not text/plain");
        }

        // RFC 9110 §8.4: we offered no coding; unpacking one would also unpack bombs. Read as it came, for one that is no token counts too.
        if (response.Content.Headers.NonValidated.TryGetValues("Content-Encoding", out var codings))
        {
            return FetchError("content-encoding", $"the body is coded as {codings}");
        }

        return await ReadBodyAsync(response.Content, cancellationToken);
    }

    public static PolicyFetch.Failed FetchError(string reason, string detail) =>
        new(new PolicyFailure(TlsResultType.StsPolicyFetchError, reason, detail));

    private static async ValueTask<PolicyFetch> ReadBodyAsync(HttpContent content, CancellationToken cancellationToken)
    {
        // RFC 8461 §3.3: 64 KiB are enough; one octet more tells that there is more, and nothing beyond it is read.
        var buffer = ArrayPool<byte>.Shared.Rent(StsPolicy.MaxOctets + 1);
        try
        {
            await using var body = await content.ReadAsStreamAsync(cancellationToken);
            var length = await body.ReadAtLeastAsync(
                buffer.AsMemory(0, StsPolicy.MaxOctets + 1), StsPolicy.MaxOctets + 1, throwOnEndOfStream: false, cancellationToken);
            return StsPolicy.Parse(buffer.AsSpan(0, length)) switch
            {
                PolicyReading.Valid valid => new PolicyFetch.Fetched(valid.Policy),
                PolicyReading.Invalid invalid => new PolicyFetch.Failed(Describe(invalid)),
                _ => throw new UnreachableException(),
            };
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static PolicyFailure Describe(PolicyReading.Invalid reading)
    {
        var reason = reading.Fault switch
        {
            PolicyFault.TooLarge => "policy-too-large",
            PolicyFault.VersionUnsupported => "policy-version",
            _ => "policy-syntax",
        };
        var where = reading.Line > 0 ? string.Create(CultureInfo.InvariantCulture, $" in line {reading.Line}") : string.Empty;
        return new PolicyFailure(TlsResultType.StsPolicyInvalid, reason, $"the file is no policy: {reading.Fault}{where}")
        {
            Reading = reading,
        };
    }
}
