namespace Relay.Queue.Storage.Sqlite;

/// <summary>What is said of a damaged store, at the start and while the relay runs.</summary>
internal static class QueueDamage
{
    /// <summary>What to do.</summary>
    public const string Remedy =
        "Start the relay again, for a disk that cannot be read for a moment looks the same. Is the damage still there, stop the relay and run: "
        + "relay queue recover (it recovers what can be read into a fresh store and keeps the damaged file)";

    /// <summary>The whole of it, for a start that is refused. Never set aside on its own account: the file may hold mail
    /// that was answered for.</summary>
    public static string Of(string file, string fault) =>
        $"The queue store {Path.GetFullPath(file)} is damaged: {fault}. {Remedy}";
}
