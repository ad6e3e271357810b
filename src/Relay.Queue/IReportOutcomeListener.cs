namespace Relay.Queue;

/// <summary>Hears what became of TLS reports after the queue took them.</summary>
public interface IReportOutcomeListener
{
    /// <summary>
    /// A report was refused for good or its time ended. May come twice for one report: the relay may die before it has noted
    /// that. Must return at once.
    /// </summary>
    /// <param name="mailbox">Whom it was for.</param>
    /// <param name="text">The diagnostic.</param>
    void Failed(string mailbox, string text);
}
