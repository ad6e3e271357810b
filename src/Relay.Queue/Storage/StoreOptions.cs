namespace Relay.Queue.Storage;

/// <summary>Which database holds the queue.</summary>
public sealed class StoreOptions
{
    /// <summary>The configuration section.</summary>
    public const string Section = "Store";

    /// <summary>The only engine there is.</summary>
    public const string Sqlite = "Sqlite";

    /// <summary>The engine's name; a file in the data directory by default.</summary>
    public string Engine { get; init; } = Sqlite;

    /// <summary>How to reach a server engine; Sqlite has none, its file lies in the data directory.</summary>
    public string? ConnectionString { get; init; }
}
