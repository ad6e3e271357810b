using System.Globalization;

namespace Relay.Torture;

/// <summary>What a torture run came to.</summary>
public sealed record TortureResult
{
    /// <summary>Messages that clients began to submit.</summary>
    public required int Submitted { get; init; }

    /// <summary>Messages answered with 250.</summary>
    public required int Accepted { get; init; }

    /// <summary>Messages answered with something else.</summary>
    public required int Refused { get; init; }

    /// <summary>Messages whose connection broke before the answer; they may arrive or not.</summary>
    public required int Unanswered { get; init; }

    /// <summary>The refusals by reply code and enhanced status code.</summary>
    public required IReadOnlyDictionary<string, int> Refusals { get; init; }

    /// <summary>Copies (one for each recipient) of accepted messages.</summary>
    public required int Copies { get; init; }

    /// <summary>Copies of accepted messages that did not arrive.</summary>
    public required int LostCount { get; init; }

    /// <summary>The first of them, by recipient.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>Accepted messages with a refused recipient of whom the sender was not told.</summary>
    public required int UnnotifiedCount { get; init; }

    /// <summary>The first of them, by sender.</summary>
    public required IReadOnlyList<string> Unnotified { get; init; }

    /// <summary>Messages of whose refused recipient the sender was told.</summary>
    public required int Notifications { get; init; }

    /// <summary>Messages that were answered with a refusal and arrived all the same.</summary>
    public required int RefusedButArrived { get; init; }

    /// <summary>Arrivals that were damaged or nobody's.</summary>
    public required int Damaged { get; init; }

    /// <summary>Copies that came whole to a host that then refused them or cut the connection instead of a reply.</summary>
    public required int CutAfterContent { get; init; }

    /// <summary>How often the relay was killed.</summary>
    public required int Kills { get; init; }

    /// <summary>How often it was stopped in good order.</summary>
    public required int Terminations { get; init; }

    /// <summary>Copies that came once more because the relay was killed before it had written down the first.</summary>
    public required int DoubledByKills { get; init; }

    /// <summary>The most that one kill doubled.</summary>
    public required int DoubledByWorstKill { get; init; }

    /// <summary>Copies that came once more although the relay had been stopped in good order.</summary>
    public required int DoubledByTerminations { get; init; }

    /// <summary>Copies that came twice in one life of the relay.</summary>
    public required int DoubledInLife { get; init; }

    /// <summary>How often each fault was injected.</summary>
    public IReadOnlyDictionary<string, int> Faults { get; init; } = new Dictionary<string, int>();

    /// <summary>Lines of the relay's log that no fault of the run excuses, and exit codes that are not 0.</summary>
    public IReadOnlyList<string> Complaints { get; init; } = [];

    /// <summary>What the queue held at the very end.</summary>
    public int LeftInQueue { get; init; }

    /// <summary>How long it took.</summary>
    public TimeSpan Took { get; init; }

    /// <summary>What the run proves to be wrong; nothing when all is well.</summary>
    public IReadOnlyList<string> Failures(TorturePlan plan)
    {
        var failures = new List<string>();
        Expect(LostCount == 0, $"{LostCount} copies were lost: {string.Join(", ", Lost)}");
        Expect(UnnotifiedCount == 0, $"{UnnotifiedCount} senders were not told: {string.Join(", ", Unnotified)}");
        Expect(Damaged == 0, $"{Damaged} arrivals were damaged or nobody's");
        Expect(RefusedButArrived == 0, $"{RefusedButArrived} messages were refused and arrived");
        Expect(DoubledInLife == 0, $"{DoubledInLife} copies came twice in one life of the relay");
        Expect(DoubledByTerminations == 0, $"{DoubledByTerminations} copies came twice after a stop in good order");
        Expect(
            DoubledByWorstKill <= plan.MaxConcurrency,
            $"one kill doubled {DoubledByWorstKill} copies; at most {plan.MaxConcurrency} were under way");
        Expect(LeftInQueue == 0, $"{LeftInQueue} entries were left in the queue");
        Expect(Accepted > 0, $"nothing was accepted");
        failures.AddRange(Complaints);
        return failures;

        void Expect(bool holds, FormattableString otherwise)
        {
            if (!holds)
            {
                failures.Add(otherwise.ToString(CultureInfo.InvariantCulture));
            }
        }
    }
}
