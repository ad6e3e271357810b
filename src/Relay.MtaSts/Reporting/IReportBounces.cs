namespace Relay.MtaSts.Reporting;

/// <summary>Hears of mailed reports that were accepted by <see cref="IReportMailer"/> and could not be delivered after all.</summary>
public interface IReportBounces
{
    /// <summary>Notes one. May come twice for one report. Returns at once and does not throw.</summary>
    /// <param name="dispatchKey">The key that <see cref="IReportMailer.SendAsync"/> was given.</param>
    /// <param name="mailbox">Whom the report was for.</param>
    /// <param name="reason">The diagnostic of the last attempt.</param>
    void Add(string dispatchKey, string mailbox, string reason);
}
