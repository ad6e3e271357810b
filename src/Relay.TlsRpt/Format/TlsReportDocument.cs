using System.Globalization;
using Relay.Mail;

namespace Relay.TlsRpt.Format;

/// <summary>
/// One finished report on one UTC day of one policy domain, ready for any transport (RFC 8460 §4, §5).
/// </summary>
/// <param name="ReportId">Two sides joined by an at sign, at most 255 characters, without angle brackets; the same whenever this report is
/// built or sent again (RFC 8460 §5.3).
/// </param>
/// <param name="Day">The day reported on.</param>
/// <param name="PolicyDomain">Whom it is for: TLS-Report-Domain.</param>
/// <param name="Json">The report, UTF-8 without byte order mark.</param>
/// <param name="Gzip">The same, compressed: one gzip member.</param>
/// <param name="Summary">
/// The report in words: ASCII, each line ends with a line feed and is under 80 characters as long as no name in it is
/// very long.
/// </param>
public sealed record TlsReportDocument(
    string ReportId, DateOnly Day, DomainName PolicyDomain, ReadOnlyMemory<byte> Json, ReadOnlyMemory<byte> Gzip, string Summary)
{
    private const long LastSecond = (24 * 60 * 60) - 1;

    /// <summary>
    /// The domain of contact-info: TLS-Report-Submitter and the sender part of the file name (RFC 8460 §5.1, §5.3).
    /// </summary>
    public required DomainName Submitter { get; init; }

    /// <summary>contact-info, a bare mailbox; also From of the report's mail (RFC 8460 §4.4).</summary>
    public required string Contact { get; init; }

    /// <summary>
    /// The name of the compressed file: submitter, policy domain, first and last second of the day and a unique part, which is the left
    /// side's last label of <see cref="ReportId"/> (RFC 8460 §5.1).
    /// </summary>
    public string FileName
    {
        get
        {
            var begin = new DateTimeOffset(Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero).ToUnixTimeSeconds();
            var left = ReportId.AsSpan(0, ReportId.IndexOf('@', StringComparison.Ordinal));
            var unique = left[(left.LastIndexOf('.') + 1)..];
            return string.Create(
                CultureInfo.InvariantCulture, $"{Submitter}!{PolicyDomain}!{begin}!{begin + LastSecond}!{unique}.json.gz");
        }
    }
}
