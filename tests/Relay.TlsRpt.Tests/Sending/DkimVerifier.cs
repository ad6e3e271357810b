using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Relay.TlsRpt.Tests.Sending;

/// <summary>DKIM's relaxed/relaxed verification after RFC 6376 §3.4 and §3.7, written apart from the signer.</summary>
internal static partial class DkimVerifier
{
    /// <summary>The tags of a DKIM-Signature field or key record.</summary>
    public static Dictionary<string, string> Tags(string text) =>
        text.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(tag => tag.Split('=', 2))
            .ToDictionary(tag => tag[0].Trim(), tag => Blank().Replace(tag[1], string.Empty));

    /// <summary>Whether the signature with this selector holds, given the zone-file lines of the keys.</summary>
    public static bool Verify(byte[] octets, string selector, IReadOnlyList<string> records)
    {
        var message = StrictMessage.Parse(octets);
        var signature = message.Fields.Single(field =>
            field.Name == "DKIM-Signature" && Tags(field.Raw["DKIM-Signature:".Length..])["s"] == selector).Raw;
        var tags = Tags(signature["DKIM-Signature:".Length..]);
        var record = records.Single(line => line.StartsWith($"{selector}._domainkey.{tags["d"]}. ", StringComparison.Ordinal));
        var key = Tags(string.Concat(Quoted().Matches(record).Select(match => match.Groups[1].Value)));
        using var rsa = RSA.Create();
        rsa.ImportSubjectPublicKeyInfo(Convert.FromBase64String(key["p"]), out _);

        var left = message.Fields.ToList();
        var signed = new StringBuilder();
        foreach (var name in tags["h"].Split(':'))
        {
            var last = left.FindLastIndex(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
            if (last >= 0)
            {
                signed.Append(Relax(left[last].Raw)).Append("\r\n");
                left.RemoveAt(last);
            }
        }

        signed.Append(Relax(SignatureValue().Replace(signature, "$1")));
        var body = Runs().Replace(message.Body.Replace("\r\n", "\n", StringComparison.Ordinal), " ");
        body = body.Replace(" \n", "\n", StringComparison.Ordinal).TrimEnd('\n') + "\n";
        var bodyHash = SHA256.HashData(Encoding.ASCII.GetBytes(body.Replace("\n", "\r\n", StringComparison.Ordinal)));
        return tags["bh"] == Convert.ToBase64String(bodyHash)
            && rsa.VerifyData(
                Encoding.ASCII.GetBytes(signed.ToString()), Convert.FromBase64String(tags["b"]), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    private static string Relax(string field)
    {
        var parts = field.Split(':', 2);
        return parts[0].ToLowerInvariant() + ":" + Runs().Replace(parts[1].Replace("\r\n", string.Empty, StringComparison.Ordinal), " ").Trim();
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();

    [GeneratedRegex(@"[ \t]+")]
    private static partial Regex Runs();

    [GeneratedRegex("\"([^\"]*)\"")]
    private static partial Regex Quoted();

    [GeneratedRegex(@"(;\s*b=)[^;]*")]
    private static partial Regex SignatureValue();
}
