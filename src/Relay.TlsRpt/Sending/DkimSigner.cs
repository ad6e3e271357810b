using System.Globalization;
using System.Text;
using Relay.Mail;

namespace Relay.TlsRpt.Sending;

/// <summary>Signs report mail: RSA-SHA256, relaxed/relaxed (RFC 6376).</summary>
/// <param name="key">The key.</param>
/// <param name="selector">Its selector; the one for reports is derived from it.</param>
/// <param name="clock">The time of signing.</param>
internal sealed class DkimSigner(SigningKey key, string selector, TimeProvider clock)
{
    private const int LineOctets = 72;

    // RFC 8460 §5.3: the TLS-Report fields are signed. RFC 6376 §8.15: a field named once more than it stands there cannot be
    // added later; done for all that a reader or a report parser believes.
    private static readonly string[] SignedFields =
    [
        "From", "From", "To", "To", "Date", "Date", "Subject", "Subject", "Message-ID", "MIME-Version", "Content-Type", "Content-Type",
        "TLS-Report-Domain", "TLS-Report-Domain", "TLS-Report-Submitter", "TLS-Report-Submitter", "TLS-Required", "Auto-Submitted",
    ];

    /// <summary>The signatures of a message, each a whole field with its CRLF: one for ordinary verifiers, one for those of reports.</summary>
    /// <param name="domain">Who signs: <c>d=</c>.</param>
    /// <param name="fields">The header fields, each once, folded, without CRLF behind them.</param>
    /// <param name="body">The body; every line ends in CRLF.</param>
    public string Sign(DomainName domain, IReadOnlyList<string> fields, string body)
    {
        var bodyHash = Convert.ToBase64String(RelaxedForm.HashBody(body));
        var signed = FormOf(fields);
        return Sign(domain, selector, signed, bodyHash) + Sign(domain, selector + SigningKey.ReportSelectorSuffix, signed, bodyHash);
    }

    private string Sign(DomainName domain, string selectorName, string signed, string bodyHash)
    {
        // RFC 8460 §3: no l=, for what is appended to a report would pass as part of it.
        var field = string.Create(
            CultureInfo.InvariantCulture,
            $"""
             DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d={domain};
              s={selectorName}; t={clock.GetUtcNow().ToUnixTimeSeconds()};
              h={NamesFolded()};
              bh={bodyHash};
              b=
             """).ReplaceLineEndings("\r\n");

        // RFC 6376 §3.7: the field itself comes last, its b= empty, no CRLF behind it.
        var signature = Convert.ToBase64String(key.Sign(Encoding.ASCII.GetBytes(signed + RelaxedForm.OfField(field))));
        return $"{field}{string.Join("\r\n  ", signature.Chunk(LineOctets).Select(line => new string(line)))}\r\n";
    }

    private static string NamesFolded() =>
        string.Join(":\n  ", SignedFields.Chunk(4).Select(names => string.Join(':', names)));

    // RFC 6376 §5.4.2: a name that comes again stands for the next field of that name from below; when there is none, for nothing.
    private static string FormOf(IReadOnlyList<string> fields)
    {
        var form = new StringBuilder();
        foreach (var name in SignedFields.Distinct(StringComparer.Ordinal))
        {
            form.Append(RelaxedForm.OfField(fields.Single(field => field.StartsWith(name + ":", StringComparison.Ordinal)))).Append("\r\n");
        }

        return form.ToString();
    }
}
