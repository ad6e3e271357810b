namespace Relay.Admin;

/// <summary>What came of asking the running relay.</summary>
/// <typeparam name="T">What was asked for.</typeparam>
internal abstract record AdminAnswer<T>
    where T : class
{
    private AdminAnswer()
    {
    }

    /// <summary>The relay answered.</summary>
    public sealed record Found(T Value) : AdminAnswer<T>;

    /// <summary>The relay knows of no such thing.</summary>
    public sealed record NotFound : AdminAnswer<T>;

    /// <summary>No relay runs on this data directory, or its socket is not ours to open.</summary>
    public sealed record NoRelay : AdminAnswer<T>;
}
