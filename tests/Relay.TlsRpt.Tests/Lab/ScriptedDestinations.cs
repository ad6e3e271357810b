using System.Collections.Concurrent;
using Relay.TlsRpt.Format;
using Relay.TlsRpt.Sending;

namespace Relay.TlsRpt.Tests.Lab;

/// <summary>A hand-over as the destination saw it.</summary>
internal sealed record HandOver(string To, string Key, TlsReportDocument Report);

/// <summary>Takes every report, unless told otherwise.</summary>
internal sealed class ScriptedDestinations : IReportMailer, IReportPoster
{
    private readonly ConcurrentQueue<HandOver> _seen = new();

    /// <summary>What a destination answers; may wait, may throw.</summary>
    public Func<string, CancellationToken, ValueTask<ReportDispatch>> Answer { get; set; } =
        (_, _) => new(new ReportDispatch.Accepted("taken"));

    public bool CanSend { get; set; } = true;

    public string CannotSendReason => CanSend ? string.Empty : "TlsRpt:Dkim:KeyFile is not set";

    public IReadOnlyList<HandOver> Seen => [.. _seen];

    public void Say(ReportDispatch dispatch) => Answer = (_, _) => new(dispatch);

    public ValueTask<ReportDispatch> SendAsync(
        TlsReportDocument report, string mailbox, string dispatchKey, CancellationToken cancellationToken)
    {
        _seen.Enqueue(new HandOver(mailbox, dispatchKey, report));
        return Answer(mailbox, cancellationToken);
    }

    public ValueTask<ReportDispatch> PostAsync(
        TlsReportDocument report, Uri endpoint, CancellationToken cancellationToken)
    {
        _seen.Enqueue(new HandOver(endpoint.OriginalString, string.Empty, report));
        return Answer(endpoint.OriginalString, cancellationToken);
    }
}
