using System.Globalization;
using System.Text;
using Relay.TlsRpt.Ledger;

namespace Relay.TlsRpt.Format;

/// <summary>Says a report in words, for the postmaster who opens it and for the operator who sent it.</summary>
internal static class TlsReportSummary
{
    private const int FailuresNamed = 20;
    private const int HostsNamed = 10;

    public static string Write(DayCounts counts, string reportId, ReportIdentity identity)
    {
        var text = new StringBuilder();
        Line(text, $"TLS results for mail to {counts.Domain}");
        var date = counts.Day.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
        Line(text, $"on {date} (UTC), collected by {identity.Submitter}.");
        Line(text, $"Contact: {identity.Contact}");
        Line(text, $"Report-ID: {reportId}");
        foreach (var policy in counts.Policies)
        {
            Write(text, policy);
        }

        return text.ToString();
    }

    private static void Write(StringBuilder text, PolicyCounts policy)
    {
        Line(text, $"");
        Line(text, $"{Title(policy)}");
        foreach (var host in policy.MxHosts.Take(HostsNamed))
        {
            Line(text, $"  mx {host}");
        }

        if (policy.MxHosts.Count > HostsNamed)
        {
            Line(text, $"  and {policy.MxHosts.Count - HostsNamed} more");
        }

        Line(text, $"  sessions with TLS as it has to be: {policy.Succeeded}");
        Line(text, $"  sessions without:                  {policy.Failed}");
        foreach (var entry in policy.Failures.Take(FailuresNamed))
        {
            Write(text, entry);
        }

        if (policy.Failures.Count > FailuresNamed)
        {
            var more = policy.Failures.Count - FailuresNamed;
            Line(text, $"    and {more} more kinds of failure, see the attached report");
        }

        if (policy.Failures.Any(entry => entry.Failure == FailureKey.Overflow))
        {
            Line(text, $"  Note: there were more kinds of failure than a report can hold;");
            Line(text, $"  the rest is counted in one entry with the reason \"overflow\".");
        }
    }

    private static string Title(PolicyCounts policy) => policy switch
    {
        { Type: PolicyCounts.NoPolicyFound } => "No policy found:",
        { Lines.Count: 0 } => $"Policy of type {policy.Type}, without its text:",
        _ => $"Policy of type {policy.Type}:",
    };

    private static void Write(StringBuilder text, in FailureCount entry)
    {
        var failure = entry.Failure;
        var reason = failure.Reason.Length > 0 ? $" ({failure.Reason})" : string.Empty;
        Line(text, $"    {entry.Count} x {failure.Type}{reason}");
        if (failure.MxHost.Length > 0)
        {
            var address = failure.ReceivingAddress.Length > 0 ? $" [{failure.ReceivingAddress}]" : string.Empty;
            Line(text, $"      at {failure.MxHost}{address}");
        }
    }

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}
