using Relay.LoadTest.Load;

namespace Relay.Torture;

/// <summary>
/// The messages of a torture run, each a function of its number: three lengths, the largest beyond one piece of the
/// relay's store, one recipient or three in as many domains, and now and then one whom its host refuses for good.
/// </summary>
internal sealed class TortureMail(TorturePlan plan)
{
    /// <summary>The domain that the senders are in, and where notifications come back to.</summary>
    public const string SenderDomain = "sender.test";

    /// <summary>The local parts of recipients who are refused begin so.</summary>
    public const string RefusedMark = "refused.";

    private static readonly int[] Octets = [1_500, 12_000, 600_000];

    private readonly LoadCorpus[] _corpora =
        [.. Octets.Select(octets => new LoadCorpus(new LoadPlan { Octets = octets, Messages = 0 }))];

    /// <summary>The name of a recipient domain.</summary>
    public static string DomainName(int domain) => $"d{domain}.torture.test";

    /// <summary>How many recipients a message has, a refused one not counted.</summary>
    public static int RecipientsOf(int message) => message % 5 == 2 ? 3 : 1;

    /// <summary>A message has one more recipient, whom the host refuses.</summary>
    public static bool HasRefused(int message) => message % 23 == 7;

    public LoadMessage Compose(int message)
    {
        var recipients = new List<string>();
        for (var recipient = 0; recipient < RecipientsOf(message); recipient++)
        {
            recipients.Add($"{recipient}.{message}@{DomainName(DomainOf(message, recipient))}");
        }

        if (HasRefused(message))
        {
            recipients.Add($"{RefusedMark}{message}@{DomainName(DomainOf(message, 3))}");
        }

        return new LoadMessage(message, _corpora[ClassOf(message)], $"{message}@{SenderDomain}", recipients);
    }

    /// <summary>Checks what arrived, as it stood on the wire without the final dot: one of our messages, not an octet
    /// changed, behind trace fields.</summary>
    public bool TryRecognize(ReadOnlySpan<byte> arrived, out int message)
    {
        for (var size = _corpora.Length - 1; size >= 0; size--)
        {
            if (_corpora[size].TryRecognize(arrived, out message) && ClassOf(message) == size)
            {
                return true;
            }
        }

        message = -1;
        return false;
    }

    /// <summary>The domain of one recipient; those of one message differ.</summary>
    public int DomainOf(int message, int recipient) => (message + (recipient * 5)) % plan.Domains;

    private static int ClassOf(int message) => message % 50 == 11 ? 2 : message % 3 == 1 ? 1 : 0;
}
