using System.Globalization;
using System.Net;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.Diagnosis;

/// <summary>What is wrong with a policy file, line by line, and what to write instead (RFC 8461 §3.2).</summary>
internal static class PolicyRemedies
{
    private const char ByteOrderMark = '\ufeff';

    private static readonly string[] Fields = ["version:", "mode:", "max_age:", "mx:"];

    public static CheckStep StepFor(PolicyFlaw flaw, DomainName domain)
    {
        var what = Describe(flaw.Fault);
        var finding = flaw.Line == 0 ? what : string.Create(CultureInfo.InvariantCulture, $"line {flaw.Line}: {what}: \"{flaw.Text}\"");
        return CheckStep.Failed("policy", finding, RemedyFor(flaw, domain));
    }

    private static string Describe(PolicyFault fault) => fault switch
    {
        PolicyFault.TooLarge => "the file has more than 64 KiB",
        PolicyFault.BadCharacter => "the line has a control character or is not UTF-8",
        PolicyFault.FieldMalformed => "the line is not name: value",
        PolicyFault.VersionUnsupported => "the version is not STSv1",
        PolicyFault.VersionMissing => "there is no version",
        PolicyFault.ModeUnknown => "the mode is none of enforce, testing and none",
        PolicyFault.ModeMissing => "there is no mode",
        PolicyFault.MaxAgeMalformed => "max_age is not 1 to 10 digits",
        PolicyFault.MaxAgeMissing => "there is no max_age",
        PolicyFault.MxMissing => "there is no mx, which every mode but none needs",
        _ => "the mx is no host name",
    };

    private static string RemedyFor(PolicyFlaw flaw, DomainName domain)
    {
        // What is wrong with the form of the line comes first: its value may be right.
        var line = flaw.Text;
        return Array.FindAll(Fields, field => line.Contains(field, StringComparison.OrdinalIgnoreCase)) is { Length: > 1 }
            ? "Write one field a line: version, mode, max_age and every mx on lines of their own"
            : line.StartsWith(ByteOrderMark) ? "Save the file as UTF-8 without a byte order mark"
            : line.StartsWith('#') ? "Remove the comment: a policy file has none"
            : line.StartsWith('<') && flaw.Fault != PolicyFault.MxMalformed ? "Serve the policy as plain text; this is a web page"
            : line.Contains(" #", StringComparison.Ordinal) ? "Remove the comment behind the value: a policy file has none"
            : line.EndsWith(';') ? "Remove the semicolon: lines end with the value"
            : flaw.Fault switch
            {
                PolicyFault.TooLarge => "Shorten the file to 64 KiB at most; wildcards cover many MX hosts with one line",
                PolicyFault.BadCharacter => "Save the file as plain UTF-8 text with line ends CRLF or LF, without control characters",
                PolicyFault.FieldMalformed => "Write every line as name: value, the name directly before the colon",
                PolicyFault.VersionUnsupported or PolicyFault.VersionMissing => "Write the line with these capitals: version: STSv1",
                PolicyFault.ModeUnknown or PolicyFault.ModeMissing => "Write one line mode: with enforce, testing or none in small letters, without quotes",
                PolicyFault.MaxAgeMalformed or PolicyFault.MaxAgeMissing => ForMaxAge(line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim()),
                PolicyFault.MxMissing => $"Write one line for each MX host, for example mx: mail.{domain}",
                _ => ForMx(line, domain),
            };
    }

    private static string ForMaxAge(string value) =>
        "Write the line max_age: with seconds in digits and nothing else, for example max_age: 2592000"
        + (value.Contains('-', StringComparison.Ordinal) ? "; it cannot be negative"
            : value.AsSpan().ContainsAny(",._\"") ? "; no separators, decimals or quotes"
            : value.Any(char.IsAsciiLetter) ? "; no unit"
            : string.Empty);

    private static string ForMx(string value, DomainName domain) =>
        value.Length == 0 ? $"Write a host name behind mx:, for example mx: mail.{domain}"
        : value.Contains("://", StringComparison.Ordinal) ? "Write the host's name alone, without a scheme such as https://"
        : value.StartsWith('[') || IPAddress.TryParse(value, out _) ? "Write the host's name as its MX record has it; an address matches no host"
        : value.StartsWith('<') || value.StartsWith('"') ? "Write the host's name without brackets or quotes"
        : value.Contains('@', StringComparison.Ordinal) ? "Write the host's name, not a mailbox"
        : char.IsAsciiDigit(value[0]) && value.Contains(' ', StringComparison.Ordinal) ? "Write the host's name alone, without the MX record's preference"
        : value.AsSpan().ContainsAny(", ") ? "Write one mx line for each host, each with one name"
        : value.Contains(':', StringComparison.Ordinal) ? "Write the host's name alone, without a port"
        : value.EndsWith('.') ? "Write the host's name without a dot at its end"
        : value.Contains('*', StringComparison.Ordinal) ? $"Write the asterisk as the whole first label, and nowhere else: mx: *.{domain}"
        : value.StartsWith('.') ? $"Begin with a name; for all hosts of a domain write mx: *.{domain}"
        : !value.All(char.IsAscii) ? "Write the host's name in its ASCII form (xn--...)"
        : $"Write one host name of letters, digits and hyphens to an mx line: mx: mail.{domain} or mx: *.{domain}";
}
