using Relay.Lab.Processes;

namespace Relay.LoadTest.Load;

/// <summary>What a load came to.</summary>
public sealed record LoadResult
{
    /// <summary>Messages answered with 250.</summary>
    public required int Accepted { get; init; }

    /// <summary>Messages answered with something else.</summary>
    public required int Refused { get; init; }

    /// <summary>The first refusal's reply; null when there was none.</summary>
    public required string? FirstRefusal { get; init; }

    /// <summary>
    /// Messages whose connection broke before the answer; they may arrive or not, and are not submitted again.
    /// </summary>
    public required int Unanswered { get; init; }

    /// <summary>Copies (one for each recipient) that arrived intact, doubles not counted.</summary>
    public required int Arrived { get; init; }

    /// <summary>Copies of accepted messages that did not arrive.</summary>
    public required int Lost { get; init; }

    /// <summary>Copies that arrived once more.</summary>
    public required int Doubled { get; init; }

    /// <summary>Arrivals that were damaged or nobody's.</summary>
    public required int Foreign { get; init; }

    /// <summary>From the first submission to the last 250.</summary>
    public required TimeSpan AcceptedIn { get; init; }

    /// <summary>From the first submission to the last arrival.</summary>
    public required TimeSpan ArrivedIn { get; init; }

    /// <summary>From MAIL to the 250 for the content.</summary>
    public required LatencyFigures AcceptLatency { get; init; }

    /// <summary>From MAIL to the sink's final dot.</summary>
    public required LatencyFigures Journey { get; init; }

    /// <summary>What the relay used from its start (not counted) to the last arrival, all its lives together.</summary>
    public ProcessUsage Relay { get; init; }

    /// <summary>What generator, sinks and name server used meanwhile.</summary>
    public TimeSpan LabCpu { get; init; }

    /// <summary>
    /// Connections to the sinks that were open when the relay was killed: each may have had a message in flight whose
    /// arrival the relay had not noted.
    /// </summary>
    public int OpenAtKill { get; init; }
}
