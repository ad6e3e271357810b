using System.Text;

namespace Relay.TlsRpt.Tests.Sending;

/// <summary>A message or a part of one, read by the letter of RFC 5322 and RFC 2045: what bends the rules fails the test.</summary>
internal sealed class StrictMessage
{
    private StrictMessage(IReadOnlyList<(string Name, string Raw)> fields, string body)
    {
        Fields = fields;
        Body = body;
    }

    /// <summary>Names and whole fields, folds and CRLF included, in order.</summary>
    public IReadOnlyList<(string Name, string Raw)> Fields { get; }

    public string Body { get; }

    /// <summary>The one field of this name, unfolded, without blanks around.</summary>
    public string this[string name] =>
        Assert.Single(Fields, field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Raw[(name.Length + 1)..]
            .Replace("\r\n", string.Empty, StringComparison.Ordinal).Trim();

    public static StrictMessage Parse(byte[] octets)
    {
        Assert.All(octets, octet => Assert.InRange(octet, (byte)9, (byte)126));
        var text = Encoding.ASCII.GetString(octets);
        var lines = text.Split("\r\n");
        Assert.Equal(string.Empty, lines[^1]);
        Assert.All(lines, line => Assert.True(line.Length <= 998 && !line.AsSpan().ContainsAny('\r', '\n'), line));
        return ParsePart(text);
    }

    public static StrictMessage ParsePart(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0);
        var fields = new List<(string Name, string Raw)>();
        foreach (var line in text[..end].Split("\r\n"))
        {
            if (line[0] is ' ' or '\t')
            {
                Assert.NotEqual(string.Empty, line.Trim());
                fields[^1] = (fields[^1].Name, fields[^1].Raw + line + "\r\n");
                continue;
            }

            var colon = line.IndexOf(':', StringComparison.Ordinal);
            Assert.Matches("^[A-Za-z-]+$", line[..colon]);
            fields.Add((line[..colon], line + "\r\n"));
        }

        return new StrictMessage(fields, text[(end + 4)..]);
    }

    /// <summary>The parts of a multipart body; nothing may stand before the first boundary or behind the last.</summary>
    public IReadOnlyList<StrictMessage> Parts()
    {
        var boundary = "--" + this["Content-Type"].Split("boundary=\"")[1].TrimEnd('"');
        Assert.StartsWith(boundary + "\r\n", Body, StringComparison.Ordinal);
        Assert.EndsWith("\r\n" + boundary + "--\r\n", Body, StringComparison.Ordinal);
        var inner = Body[(boundary.Length + 2)..^(boundary.Length + 6)];
        return [.. inner.Split($"\r\n{boundary}\r\n").Select(ParsePart)];
    }
}
