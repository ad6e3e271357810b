using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Relay.Tests.Reports;

/// <summary>A report as its receiver has it, taken apart without the code that made it.</summary>
/// <param name="Json">The report.</param>
/// <param name="FileName">The attachment's name; empty for a POST.</param>
/// <param name="Header">The mail's header fields, unfolded; empty for a POST.</param>
internal sealed partial record ArrivedReport(JsonObject Json, string FileName, IReadOnlyDictionary<string, string> Header)
{
    public string Id => (string)Json["report-id"]!;

    /// <summary>Reads the body of a POST.</summary>
    public static ArrivedReport OfPost(ReadOnlyMemory<byte> body) => new(Decode(body.ToArray()), string.Empty, new Dictionary<string, string>());

    /// <summary>Reads a mail: multipart/report with a text and a compressed report (RFC 8460 §5.3).</summary>
    public static ArrivedReport OfMail(string text)
    {
        var (header, body) = Split(text);
        var boundary = Boundary().Match(header["content-type"]).Groups[1].Value;
        Assert.Matches("^multipart/report; .*report-type=\"?tlsrpt\"?", header["content-type"]);
        var parts = body.Split($"--{boundary}");
        Assert.Equal(4, parts.Length);
        Assert.StartsWith("--", parts[3], StringComparison.Ordinal);
        Assert.StartsWith("text/plain", Split(parts[1][2..]).Header["content-type"], StringComparison.Ordinal);
        var (fields, content) = Split(parts[2][2..]);
        Assert.Equal("application/tlsrpt+gzip", fields["content-type"].Split(';')[0]);
        Assert.Equal("base64", fields["content-transfer-encoding"]);
        return new ArrivedReport(
            Decode(Convert.FromBase64String(content)), AttachmentName().Match(fields["content-disposition"]).Groups[1].Value, header);
    }

    private static JsonObject Decode(byte[] gzip)
    {
        Assert.Equal([0x1f, 0x8b], gzip[..2]);
        using var stream = new GZipStream(new MemoryStream(gzip), CompressionMode.Decompress);
        using var octets = new MemoryStream();
        stream.CopyTo(octets);
        return JsonNode.Parse(new UTF8Encoding(false, true).GetString(octets.ToArray()))!.AsObject();
    }

    private static (Dictionary<string, string> Header, string Body) Split(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        var header = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var field in Fold().Replace(text[..end], " ").Split("\r\n"))
        {
            header[field[..field.IndexOf(':', StringComparison.Ordinal)]] = field[(field.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
        }

        return (header, text[(end + 4)..]);
    }

    [GeneratedRegex("\r\n[ \t]+")]
    private static partial Regex Fold();

    [GeneratedRegex("boundary=\"?([^\";]+)\"?")]
    private static partial Regex Boundary();

    [GeneratedRegex("filename=\"([^\"]+)\"")]
    private static partial Regex AttachmentName();
}
