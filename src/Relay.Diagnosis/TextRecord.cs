using System.Text;
using Relay.Dns;
using Relay.Mail;

namespace Relay.Diagnosis;

/// <summary>TXT records as people know them.</summary>
internal static class TextRecord
{
    /// <summary>The joined text of every TXT record of an answer; octets above 127 show as Latin-1.</summary>
    public static IReadOnlyList<string> In(DnsAnswer answer) =>
        [.. answer.Records.OfType<DnsRecord.Text>().Select(
            record => string.Concat(record.Strings.Select(part => Encoding.Latin1.GetString(part.Span))))];

    /// <summary>Says where an alias led; empty when the answer is the name's own.</summary>
    public static string AliasNote(DnsAnswer answer, DomainName name) =>
        answer.CanonicalName == name ? string.Empty : $" (alias of {answer.CanonicalName})";
}
