using System.Text;
using System.Text.Unicode;
using Relay.Dns;
using Relay.Mail;

namespace Relay.Diagnosis;

/// <summary>TXT records as people know them.</summary>
internal static class TextRecord
{
    private const int MaxRecords = 3;
    private const int MaxShown = 300;

    /// <summary>The joined text of every TXT record of an answer: UTF-8 where it is valid, else Latin-1.</summary>
    public static IReadOnlyList<string> In(DnsAnswer answer) =>
        [.. answer.Records.OfType<DnsRecord.Text>().Select(record => Read([.. record.Strings.SelectMany(part => part.ToArray())]))];

    /// <summary>The beginnings of the first records, in quotes.</summary>
    public static string Shown(DnsAnswer answer) => string.Join(", ", In(answer).Take(MaxRecords).Select(
        record => $"\"{(record.Length > MaxShown ? string.Concat(record.AsSpan(0, MaxShown), "...") : record)}\""));

    private static string Read(byte[] octets) => (Utf8.IsValid(octets) ? Encoding.UTF8 : Encoding.Latin1).GetString(octets);

    /// <summary>What keeps a record from being recognised by its version; null when all seem to be about something else.</summary>
    /// <param name="answer">The records.</param>
    /// <param name="version">How one should begin, without the semicolon.</param>
    public static string? WhyUnrecognised(DnsAnswer answer, string version) =>
        In(answer).Select(record => WhyUnrecognised(record, version)).FirstOrDefault(why => why is not null);

    private static string? WhyUnrecognised(string record, string version) =>
        record.StartsWith(version, StringComparison.Ordinal) ? $"no semicolon stands directly behind {version}"
        : record.StartsWith(version, StringComparison.OrdinalIgnoreCase) ? $"the version is written with other capitals than {version}"
        : record.Contains(version, StringComparison.OrdinalIgnoreCase) ? $"something stands before {version}"
        : record.Contains(version[2..], StringComparison.OrdinalIgnoreCase) || record.Contains("rua", StringComparison.OrdinalIgnoreCase)
            ? $"it does not begin with {version}"
        : null;

    /// <summary>Says where an alias led; empty when the answer is the name's own.</summary>
    public static string AliasNote(DnsAnswer answer, DomainName name) =>
        answer.CanonicalName == name ? string.Empty : $" (alias of {answer.CanonicalName})";
}
