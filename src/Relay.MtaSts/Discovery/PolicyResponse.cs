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

    // RFC 9110 §5.6.3.
    private const string OptionalWhitespace = " \t";

    public static async ValueTask<PolicyFetch> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        // RFC 8461 §3.3: only 200 carries a policy; neither redirects nor other successes do.
        if (response.StatusCode != HttpStatusCode.OK)
        {
            var status = ((int)response.StatusCode).ToString(CultureInfo.InvariantCulture);
            return FetchError("http-status-" + status, "the policy host answered " + status);
        }

        // Read as they came: .NET's own parser gives nothing at all for a field that it finds a fault in.
        var fields = response.Content.Headers.NonValidated;
        if (!fields.TryGetValues("Content-Type", out var types) || types.Any(type => !IsPlainText(type)))
        {
            return FetchError("content-type", types.Count switch
            {
                0 => "the policy host names no media type",
                1 => $"the media type is \"{types}\", not text/plain",
                _ => $"the answer has {types.Count} Content-Type fields, not all of them text/plain: \"{string.Join("\", \"", types)}\"",
            });
        }

        // RFC 9110 §8.4: we ask for no coding; unpacking one would also unpack bombs.
        return fields.TryGetValues("Content-Encoding", out var codings) && codings.Any(IsCoded)
            ? FetchError("content-encoding", $"the body is coded as \"{codings}\"")
            : await ReadBodyAsync(response.Content, cancellationToken);
    }

    public static PolicyFetch.Failed FetchError(string reason, string detail) =>
        new(new PolicyFailure(TlsResultType.StsPolicyFetchError, reason, detail));

    // RFC 8461 §3.2: the media type is text/plain. RFC 9110 §8.3.1, §5.6.6: it ends at the first semicolon, and case says nothing. Its
    // parameters do not matter, so that a fault in them, or an empty one, ends no protection.
    private static bool IsPlainText(string field)
    {
        var end = field.IndexOf(';', StringComparison.Ordinal);
        return (end < 0 ? field : field.AsSpan(0, end)).Trim(OptionalWhitespace).Equals(PlainText, StringComparison.OrdinalIgnoreCase);
    }

    // RFC 9110 §8.4, §12.5.3: a list of codings, in which an empty element says nothing and identity says that there is none.
    private static bool IsCoded(string field)
    {
        foreach (var element in field.AsSpan().Split(','))
        {
            var coding = field.AsSpan(element).Trim(OptionalWhitespace);
            if (!coding.IsEmpty && !coding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }

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
                PolicyReading.Invalid invalid => new PolicyFetch.Failed(
                    Describe(invalid) with { Flaws = StsPolicy.FindFlaws(buffer.AsSpan(0, length)) }),
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
