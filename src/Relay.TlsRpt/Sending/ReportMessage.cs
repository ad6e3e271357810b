using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Relay.TlsRpt.Format;

namespace Relay.TlsRpt.Sending;

/// <summary>
/// A report as a message (RFC 8460 §5.3): ASCII, every line ends in CRLF and holds less than 998 octets.
/// </summary>
internal sealed class ReportMessage
{
    private ReportMessage(IReadOnlyList<string> fields, string body)
    {
        Fields = fields;
        Body = body;
    }

    /// <summary>The header fields, folded, without CRLF behind them.</summary>
    public IReadOnlyList<string> Fields { get; }

    /// <summary>The body.</summary>
    public string Body { get; }

    /// <summary>Writes a report to one mailbox.</summary>
    /// <param name="report">The report.</param>
    /// <param name="mailbox">An ASCII mailbox.</param>
    /// <param name="date">When it is sent.</param>
    public static ReportMessage Write(TlsReportDocument report, string mailbox, DateTimeOffset date)
    {
        // Nothing in the report can hold a hash of the report.
        var boundary = "tlsrpt-" + Hash(report.Gzip.Span);
        string[] fields =
        [
            "From: " + report.Contact,
            "To: " + mailbox,
            "Date: " + date.UtcDateTime.ToString("ddd, dd MMM yyyy HH:mm:ss '+0000'", CultureInfo.InvariantCulture),
            "Message-ID: " + MessageId(report, mailbox),

            // RFC 8460 §5.3: the subject's form; the fold stands for its white space.
            $"Subject: Report Domain: {report.PolicyDomain}\r\n Submitter: {report.Submitter}\r\n Report-ID: <{report.ReportId}>",
            "TLS-Report-Domain: " + report.PolicyDomain,
            "TLS-Report-Submitter: " + report.Submitter,

            // RFC 8689 §5: relays on the way too shall deliver it, whatever TLS, MTA-STS or DANE have against it (RFC 8460 §3).
            "TLS-Required: No",

            // RFC 3834 §5: no vacation answers.
            "Auto-Submitted: auto-generated",
            "MIME-Version: 1.0",
            $"Content-Type: multipart/report; report-type=tlsrpt;\r\n boundary=\"{boundary}\"",
        ];
        return new ReportMessage(fields, BodyOf(report, boundary));
    }

    /// <summary>The octets that travel.</summary>
    /// <param name="signatures">What goes in front of the header.</param>
    public byte[] ToOctets(string signatures) =>
        Encoding.ASCII.GetBytes($"{signatures}{string.Join("\r\n", Fields)}\r\n\r\n{Body}");

    private static string BodyOf(TlsReportDocument report, string boundary)
    {
        var body = new StringBuilder();
        body.Append("--").Append(boundary).Append("\r\n");
        body.Append("Content-Type: text/plain; charset=us-ascii\r\nContent-Transfer-Encoding: 7bit\r\n\r\n");
        body.Append(report.Summary.ReplaceLineEndings("\r\n"));
        body.Append("\r\n--").Append(boundary).Append("\r\n");

        // RFC 8460 §6.5: the media type says that it is compressed.
        body.Append("Content-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n");
        body.Append("Content-Disposition: attachment;\r\n filename=\"").Append(report.FileName).Append("\"\r\n\r\n");

        // RFC 2045 §6.8: lines of 76.
        body.Append(Convert.ToBase64String(report.Gzip.Span, Base64FormattingOptions.InsertLineBreaks));
        body.Append("\r\n--").Append(boundary).Append("--\r\n");
        return body.ToString();
    }

    // The same whenever this report goes to this mailbox, so that receivers recognise a second copy.
    private static string MessageId(TlsReportDocument report, string mailbox) =>
        $"<{Hash(Encoding.ASCII.GetBytes($"{report.ReportId}\n{mailbox}"))}.tlsrpt@{report.Submitter}>";

    private static string Hash(ReadOnlySpan<byte> octets) => Convert.ToHexStringLower(SHA256.HashData(octets).AsSpan(0, 16));
}
