namespace Relay.LoadTest.Load;

/// <summary>What a load is made of.</summary>
public sealed record LoadPlan
{
    /// <summary>How many messages are submitted.</summary>
    public int Messages { get; init; } = 10_000;

    /// <summary>How many clients submit at the same time, each on a connection of its own.</summary>
    public int Sessions { get; init; } = 20;

    /// <summary>The size of a message in octets, rounded up to whole lines.</summary>
    public int Octets { get; init; } = 10_240;

    /// <summary>How many recipient domains there are; each has an MX host and an address of its own.</summary>
    public int Domains { get; init; } = 50;

    /// <summary>How many recipients each message has, in as many domains where there are so many.</summary>
    public int Recipients { get; init; } = 1;

    /// <summary>After how many accepted messages the relay is killed and started again; null for never.</summary>
    public int? KillAfter { get; init; }

    /// <summary>How long nothing may arrive before what is missing counts as lost.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(90);

    /// <summary>The domain of one recipient.</summary>
    public int DomainOf(int message, int recipient) => (int)((((long)message * Recipients) + recipient) % Domains);

    /// <summary>The name of a recipient domain.</summary>
    public static string DomainName(int domain) => $"d{domain}.load.test";
}
