namespace Relay.Mail;

/// <summary>
/// An SMTP reply, sent or received (RFC 5321 §4.2). Decisions rest on <see cref="Code"/> alone; the text is for people.
/// </summary>
public sealed record Reply
{
    /// <summary>Makes a reply of one line.</summary>
    public Reply(int code, EnhancedStatusCode status, string text)
        : this(code, status, [text])
    {
    }

    /// <summary>Makes a reply of one or more lines; the enhanced code is not part of them (RFC 2034 §4).</summary>
    public Reply(int code, EnhancedStatusCode status, IReadOnlyList<string> lines)
    {
        Code = code;
        Status = status;
        Lines = lines;
    }

    /// <summary>The reply code, 200 to 599.</summary>
    public int Code { get; }

    /// <summary>
    /// The enhanced status code, or none. On a received reply only kept when its class agrees with the code.
    /// </summary>
    public EnhancedStatusCode Status { get; }

    /// <summary>The text of each line, without code and enhanced code; at least one.</summary>
    public IReadOnlyList<string> Lines { get; }

    /// <summary>The whole text on one line.</summary>
    public string Text => Lines.Count == 1 ? Lines[0] : string.Join(' ', Lines);

    /// <summary>2yz: done (RFC 5321 §4.2.1).</summary>
    public bool IsPositive => Code / 100 == 2;

    /// <summary>3yz: go on (RFC 5321 §4.2.1).</summary>
    public bool IsIntermediate => Code / 100 == 3;

    /// <summary>4yz: try again later (RFC 5321 §4.2.1).</summary>
    public bool IsTransient => Code / 100 == 4;

    /// <summary>5yz: do not try again (RFC 5321 §4.2.1).</summary>
    public bool IsPermanent => Code / 100 == 5;

    /// <summary>The reply as it stands on one line, <c>250 2.0.0 Ok</c>, for logs and notifications.</summary>
    public override string ToString() => Status.IsNone ? $"{Code} {Text}" : $"{Code} {Status} {Text}";
}
