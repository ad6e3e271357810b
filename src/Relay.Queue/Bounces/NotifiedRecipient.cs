using System.Globalization;
using System.Text;
using Relay.Delivery;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Queue.Bounces;

/// <summary>A recipient that a notification is about.</summary>
/// <param name="Envelope">As received.</param>
/// <param name="Status">Its class fits the action: 5 for failed, 4 for delayed, 2 for relayed.</param>
/// <param name="Text">What happened, one line.</param>
internal sealed record NotifiedRecipient(RcptTo Envelope, EnhancedStatusCode Status, string Text)
{
    // A server may say 64 KiB to each of a thousand recipients (HARD-12); nobody needs more of it than this.
    private const int MaxText = 4096;

    // Field names, dates and the words around the server's own, for one recipient.
    private const int Overhead = 768;

    // RFC 3463 §3.5: X.4.7, delivery time expired.
    private static readonly EnhancedStatusCode TimeExpired = new(5, 4, 7);

    // RFC 3463 §2: the class is what is known.
    private static readonly EnhancedStatusCode Undefined = new(4, 0, 0);

    /// <summary>Its number in the message.</summary>
    public int Seq { get; init; }

    /// <summary>The word for the fault, where one is known.</summary>
    public string Reason { get; init; } = string.Empty;

    /// <summary>The remote server's reply, where one decided.</summary>
    public string? Reply { get; init; }

    /// <summary>The remote server, where one was reached.</summary>
    public string? RemoteHost { get; init; }

    /// <summary>It failed only for its time ended.</summary>
    public bool IsExpired { get; init; }

    /// <summary>The most octets that it takes in a notification, roughly: addresses and reply stand in it twice.</summary>
    public int Weight => Overhead + (2 * (WeightOf(Envelope.Mailbox.ToString())
        + WeightOf(Envelope.OriginalRecipient) + WeightOf(Text) + WeightOf(Reply)));

    /// <summary>A recipient that failed; what was only deferred failed for its time ended.</summary>
    public static NotifiedRecipient Failed(RcptTo envelope, DeliveryFailure failure) =>
        failure.Status.Class == 5
            ? Of(envelope, failure, failure.Status)
            : Of(envelope, failure, TimeExpired) with { IsExpired = true };

    /// <summary>A recipient that is tried on.</summary>
    public static NotifiedRecipient Delayed(RcptTo envelope, DeliveryFailure failure) => Of(envelope, failure, failure.Status);

    /// <summary>A recipient that the next hop has taken.</summary>
    public static NotifiedRecipient Relayed(RcptTo envelope, DeliveryOutcome.Delivered delivered) =>
        new(envelope, delivered.Status, $"{delivered.Hop.Host} has taken the message")
        {
            Reply = Cut(delivered.Reply.ToString()),
            RemoteHost = delivered.Hop.Host,
        };

    /// <summary>A recipient whose failure was only kept in words.</summary>
    /// <param name="envelope">As received.</param>
    /// <param name="status">The enhanced status code as kept.</param>
    /// <param name="text">The diagnostic: a reply, or words of ours.</param>
    public static NotifiedRecipient FromStore(RcptTo envelope, string status, string text)
    {
        var code = ReadStatus(status, statusClass: 5) ?? TimeExpired;
        return new(envelope, code, Cut(text)) { Reply = IsReply(text) ? Cut(text) : null, IsExpired = code == TimeExpired };
    }

    /// <summary>A recipient that is tried on, of whose delay only words were kept.</summary>
    /// <param name="envelope">As received.</param>
    /// <param name="status">The enhanced status code as kept.</param>
    /// <param name="text">The diagnostic: a reply, or words of ours.</param>
    public static NotifiedRecipient DelayedFromStore(RcptTo envelope, string status, string text) =>
        new(envelope, ReadStatus(status, statusClass: 4) ?? Undefined, Cut(text)) { Reply = IsReply(text) ? Cut(text) : null };

    private static bool IsReply(string text) =>
        text.Length > 4 && text[3] == ' ' && !text.AsSpan(0, 3).ContainsAnyExceptInRange('0', '9');

    private static EnhancedStatusCode? ReadStatus(string status, int statusClass) =>
        status.Split('.') is [[var first], var subject, var detail] && first - '0' == statusClass
        && int.TryParse(subject, NumberStyles.None, CultureInfo.InvariantCulture, out var subjectCode)
        && int.TryParse(detail, NumberStyles.None, CultureInfo.InvariantCulture, out var detailCode)
            ? new EnhancedStatusCode(statusClass, subjectCode, detailCode)
            : null;

    private static NotifiedRecipient Of(RcptTo envelope, DeliveryFailure failure, EnhancedStatusCode status) =>
        new(envelope, status, Cut(failure.Text))
        {
            Reason = failure.Reason,
            Reply = failure.Reply is { } reply ? Cut(reply.ToString()) : null,
            RemoteHost = failure.Hop?.Host,
        };

    private static string Cut(string text) => WholeCharacters.Shorten(text, MaxText);

    // Beyond ASCII a letter may become nine characters (quoted-printable of three octets).
    private static int WeightOf(string? text) => text is null ? 0 : Ascii.IsValid(text) ? text.Length : 9 * text.Length;
}
