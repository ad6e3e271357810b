using Microsoft.Extensions.Options;
using Relay.Mail;
using Relay.TlsRpt.Format;

namespace Relay.TlsRpt.Sending;

/// <summary>Makes signed messages of reports (RFC 8460 §5.3).</summary>
public sealed class ReportMailComposer
{
    private readonly DkimSigner? _signer;
    private readonly TlsRptOptions _options;
    private readonly TimeProvider _clock;

    /// <summary>Reads the key.</summary>
    public ReportMailComposer(IOptions<TlsRptOptions> options, TimeProvider clock)
    {
        (_options, _clock) = (options.Value, clock);
        if (_options.Dkim is not { KeyFile: { } file, Selector: { } selector })
        {
            CannotSendReason =
                "TlsRpt:Dkim: no key, so no report is sent by mail; make one with: relay dkim new DOMAIN SELECTOR";
        }
        else if (SigningKey.TryRead(file, out var key, out var fault))
        {
            _signer = new DkimSigner(key, selector, clock);
            CannotSendReason = string.Empty;
        }
        else
        {
            CannotSendReason = $"TlsRpt:Dkim:KeyFile: \"{file}\" {fault}";
        }
    }

    /// <summary>What is missing, with the remedy; empty when nothing is.</summary>
    public string CannotSendReason { get; }

    /// <summary>The reverse-path of report mail: a real mailbox, never null (RFC 5321 §4.5.5).</summary>
    public string ReversePathOf(TlsReportDocument report) => _options.From ?? report.Contact;

    /// <summary>The octets of a report to one mailbox. Throws <see cref="InvalidOperationException"/> without a key.</summary>
    /// <param name="report">The report.</param>
    /// <param name="mailbox">ASCII, as in a header field.</param>
    public byte[] Write(TlsReportDocument report, string mailbox)
    {
        if (_signer is null)
        {
            throw new InvalidOperationException(CannotSendReason);
        }

        var domain = DomainName.TryParse(_options.Dkim.Domain, out var configured) ? configured : report.Submitter;
        var message = ReportMessage.Write(report, mailbox, _clock.GetUtcNow());
        return message.ToOctets(_signer.Sign(domain, message.Fields, message.Body));
    }
}
