namespace Relay.Lab.Mx;

/// <summary>A message that an MX host read to its final dot.</summary>
/// <param name="Connection">The connection it came over.</param>
/// <param name="MailLine">The MAIL command.</param>
/// <param name="RecipientLines">The RCPT commands that were accepted, in order.</param>
/// <param name="Wire">The content as it stood on the wire, up to and with the final dot and its CRLF.</param>
/// <param name="Content">The content without the final dot and with stuffed dots removed.</param>
/// <param name="IsTls">It came inside TLS.</param>
public sealed record MxMessage(
    MxConnection Connection,
    string MailLine,
    IReadOnlyList<string> RecipientLines,
    ReadOnlyMemory<byte> Wire,
    ReadOnlyMemory<byte> Content,
    bool IsTls)
{
    /// <summary>The reverse-path without its brackets; empty for the null path.</summary>
    public string ReversePath => PathOf(MailLine);

    /// <summary>The recipients' mailboxes without brackets.</summary>
    public IReadOnlyList<string> Recipients => [.. RecipientLines.Select(PathOf)];

    /// <summary>The content in Latin-1, so that each character is one octet.</summary>
    public string Text => System.Text.Encoding.Latin1.GetString(Content.Span);

    private static string PathOf(string line)
    {
        var start = line.IndexOf('<', StringComparison.Ordinal) + 1;
        var quoted = false;
        for (var i = start; i < line.Length; i++)
        {
            if (line[i] == '\\')
            {
                i++;
            }
            else if (line[i] == '"')
            {
                quoted = !quoted;
            }
            else if (line[i] == '>' && !quoted)
            {
                return line[start..i];
            }
        }

        return line[start..];
    }
}
