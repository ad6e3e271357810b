namespace Relay.Queue;

/// <summary>What the queue takes from other sections of the configuration; the program maps it.</summary>
/// <param name="DataDirectory">Where the database lies; made with mode 0700 when missing.</param>
/// <param name="MaxConcurrency">The most attempts that run at a time.</param>
/// <param name="MaxPerSite">The most of them at one site.</param>
public sealed record QueueSettings(string DataDirectory, int MaxConcurrency, int MaxPerSite);
