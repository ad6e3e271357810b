using System.Text.RegularExpressions;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>
/// A notification as it arrived, taken apart by nothing but the rules of RFC 5322 §2.2.3 (folding), RFC 2046 §5.1 (boundaries) and
/// RFC 3464 §2.1 (groups of fields).
/// </summary>
internal sealed partial class Notice
{
    private Notice(MxMessage message)
    {
        Message = message;
        var (header, body) = Split(message.Text);
        Fields = Read(header);
        var boundary = Boundary().Match(Fields.Single(field => Is(field.Name, "Content-Type")).Value).Groups["name"].Value;

        // RFC 2046 §5.1.1: what stands before the first and behind the last boundary is no part.
        Parts = [.. $"\r\n{body}".Split($"\r\n--{boundary}")[1..^1].Select(part => Split(part[2..]))
            .Select(part => new NoticePart(Value(Read(part.Header), "Content-Type") ?? string.Empty, part.Body))];
        var groups = Parts[1].Body.Split("\r\n\r\n", StringSplitOptions.RemoveEmptyEntries).Select(Read).ToList();
        (PerMessage, PerRecipient) = (groups[0], [.. groups.Skip(1)]);
    }

    public MxMessage Message { get; }

    /// <summary>The header of the notification, unfolded.</summary>
    public IReadOnlyList<(string Name, string Value)> Fields { get; }

    public IReadOnlyList<NoticePart> Parts { get; }

    /// <summary>The fields about the message (RFC 3464 §2.2).</summary>
    public IReadOnlyList<(string Name, string Value)> PerMessage { get; }

    /// <summary>The fields about each recipient (RFC 3464 §2.3).</summary>
    public IReadOnlyList<IReadOnlyList<(string Name, string Value)>> PerRecipient { get; }

    public static Notice Of(MxMessage message) => new(message);

    /// <summary>The value of a field that stands once; null where it does not stand.</summary>
    public static string? Value(IReadOnlyList<(string Name, string Value)> fields, string name)
    {
        var found = fields.Where(field => Is(field.Name, name)).ToList();
        Assert.InRange(found.Count, 0, 1);
        return found.Count == 0 ? null : found[0].Value;
    }

    /// <summary>The value of a field about the only recipient.</summary>
    public string? OfRecipient(string name) => Value(Assert.Single(PerRecipient), name);

    private static bool Is(string name, string other) => string.Equals(name, other, StringComparison.OrdinalIgnoreCase);

    private static (string Header, string Body) Split(string entity)
    {
        var end = entity.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        return entity.StartsWith("\r\n", StringComparison.Ordinal) ? (string.Empty, entity[2..])
            : end < 0 ? (entity, string.Empty)
            : (entity[..end], entity[(end + 4)..]);
    }

    private static List<(string Name, string Value)> Read(string header) =>
        [.. Fold().Replace(header, " ").Split("\r\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split(':', 2)).Select(field => (field[0], field[1].Trim()))];

    [GeneratedRegex("\r\n[ \t]+")]
    private static partial Regex Fold();

    [GeneratedRegex("boundary=\"?(?<name>[^\";]+)", RegexOptions.IgnoreCase)]
    private static partial Regex Boundary();
}
