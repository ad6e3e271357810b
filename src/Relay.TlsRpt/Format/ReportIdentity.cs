using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Options;
using Relay.Delivery;
using Relay.Mail;

namespace Relay.TlsRpt.Format;

/// <summary>
/// Who reports, and the names and times that follow from day and domain alone, whenever they are asked for.
/// </summary>
internal sealed class ReportIdentity
{
    private const int MaxReportId = 255;
    private const int UniqueLength = 6;
    private const int KeyLength = 32;

    private readonly TlsRptOptions _options;

    public ReportIdentity(IOptions<TlsRptOptions> options, DeliveryIdentity identity)
    {
        _options = options.Value;
        var contact = _options.Contact ?? "postmaster@" + identity.HostName;
        if (!TryReadContact(contact, out var mailbox, out var submitter))
        {
            throw new OptionsValidationException(
                TlsRptOptions.Section,
                typeof(TlsRptOptions),
                [$"TlsRpt:Contact: \"{contact}\" is no mailbox at a domain"]);
        }

        Submitter = submitter;
        Contact = mailbox;
        OrganizationName = _options.OrganizationName ?? submitter.Value;
    }

    /// <summary>organization-name.</summary>
    public string OrganizationName { get; }

    /// <summary>contact-info.</summary>
    public string Contact { get; }

    /// <summary>The domain of <see cref="Contact"/> (RFC 8460 §5.3).</summary>
    public DomainName Submitter { get; }

    /// <summary>Reads a mailbox; its domain comes out in the form that reports have.</summary>
    public static bool TryReadContact(string text, out string contact, out DomainName submitter)
    {
        submitter = default;
        contact = string.Empty;
        if (!Mailbox.TryParse(Encoding.UTF8.GetBytes(text), out var mailbox)
            || mailbox.IsAddressLiteral
            || !System.Text.Ascii.IsValid(mailbox.LocalPart)
            || mailbox.LocalPart.StartsWith('"')
            || !DomainName.TryParse(mailbox.Domain, out submitter))
        {
            return false;
        }

        contact = $"{mailbox.LocalPart}@{submitter}";
        return true;
    }

    /// <summary>RFC 8460 §4.4, §5.3: unique per report, of two sides, and the same for every copy of it.</summary>
    public string ReportIdFor(DateOnly day, DomainName domain)
    {
        var unique = Convert.ToHexStringLower(Digest(day, domain.Value, Submitter.Value))[..KeyLength];
        var date = day.ToString("yyyyMMdd", CultureInfo.InvariantCulture);
        var id = $"{date}.{domain}.{unique[..UniqueLength]}@{Submitter}";
        return id.Length <= MaxReportId ? id : $"{date}.{unique}@{Submitter}";
    }

    /// <summary>What a report to one destination is recognised by.</summary>
    public static string DispatchKeyFor(DateOnly day, DomainName domain, string rua) =>
        Convert.ToHexStringLower(Digest(day, domain.Value, rua))[..KeyLength];

    /// <summary>When the report on a day is due.</summary>
    public DateTimeOffset DueAt(DateOnly day, DomainName domain)
    {
        // RFC 8460 §4.1: a random delay spreads the load; derived from the names, it outlives a restart.
        var random = BinaryPrimitives.ReadUInt32BigEndian(Digest(day, domain.Value, "due"));
        return day.AddDays(1).Start() + _options.SendAt + (_options.Jitter * (random / (double)uint.MaxValue));
    }

    private static byte[] Digest(DateOnly day, string domain, string text) =>
        SHA256.HashData(Encoding.UTF8.GetBytes($"{day.Text()}\n{domain}\n{text}"));
}
