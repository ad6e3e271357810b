using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using Relay.TlsRpt.Ledger;

namespace Relay.TlsRpt.Format;

/// <summary>
/// Writes the report object of RFC 8460 §4.4 as I-JSON (RFC 7493): what has no value is left out, never null.
/// </summary>
internal static class TlsReportJson
{
    // RFC 7493 §2.1: UTF-8 needs no escapes but those of JSON itself.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static byte[] Write(DayCounts counts, string reportId, ReportIdentity identity)
    {
        var buffer = new ArrayBufferWriter<byte>(1_024);
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        json.WriteString("organization-name", identity.OrganizationName);
        json.WriteStartObject("date-range");

        // RFC 8460 §4.1, appendix B: the whole UTC day, to its last second (RFC 3339 §5.6).
        json.WriteString("start-datetime", counts.Day.Text() + "T00:00:00Z");
        json.WriteString("end-datetime", counts.Day.Text() + "T23:59:59Z");
        json.WriteEndObject();
        json.WriteString("contact-info", identity.Contact);
        json.WriteString("report-id", reportId);
        json.WriteStartArray("policies");
        foreach (var policy in counts.Policies)
        {
            WritePolicy(json, policy, counts.Domain.Value);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void WritePolicy(Utf8JsonWriter json, PolicyCounts policy, string domain)
    {
        json.WriteStartObject();
        json.WriteStartObject("policy");
        json.WriteString("policy-type", policy.Type);
        if (policy.Type != PolicyCounts.NoPolicyFound)
        {
            WriteArray(json, "policy-string", policy.Lines);
        }

        json.WriteString("policy-domain", domain);
        if (policy.MxHosts.Count > 0)
        {
            // RFC 8460 §4.4, erratum 6241: an array also for one pattern. A policy that cannot be had has none.
            WriteArray(json, "mx-host", policy.MxHosts);
        }

        json.WriteEndObject();
        json.WriteStartObject("summary");
        json.WriteNumber("total-successful-session-count", policy.Succeeded);
        json.WriteNumber("total-failure-session-count", policy.Failed);
        json.WriteEndObject();
        if (policy.Failures.Count > 0)
        {
            json.WriteStartArray("failure-details");
            foreach (var entry in policy.Failures)
            {
                WriteFailure(json, entry);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    private static void WriteFailure(Utf8JsonWriter json, in FailureCount entry)
    {
        var failure = entry.Failure;
        json.WriteStartObject();
        json.WriteString("result-type", failure.Type);
        WriteUnlessEmpty(json, "sending-mta-ip", failure.SendingAddress);
        WriteUnlessEmpty(json, "receiving-mx-hostname", failure.MxHost);
        WriteUnlessEmpty(json, "receiving-mx-helo", failure.Helo);
        WriteUnlessEmpty(json, "receiving-ip", failure.ReceivingAddress);
        json.WriteNumber("failed-session-count", entry.Count);
        WriteUnlessEmpty(json, "failure-reason-code", failure.Reason);
        json.WriteEndObject();
    }

    private static void WriteUnlessEmpty(Utf8JsonWriter json, string name, string value)
    {
        if (value.Length > 0)
        {
            json.WriteString(name, value);
        }
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IReadOnlyList<string> values)
    {
        json.WriteStartArray(name);
        foreach (var value in values)
        {
            json.WriteStringValue(value);
        }

        json.WriteEndArray();
    }
}
