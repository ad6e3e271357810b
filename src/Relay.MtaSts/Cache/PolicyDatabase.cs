using Microsoft.Extensions.Logging;
using Relay.MtaSts.Storage;

namespace Relay.MtaSts.Cache;

/// <summary>The file of policies; writes are rare: one per policy fetched.</summary>
internal sealed class PolicyDatabase(string path, TimeProvider time, ILogger<PolicyDatabase> logger) : SqliteFile(path, Schema, time)
{
    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS policy (
            domain TEXT PRIMARY KEY NOT NULL, id TEXT NOT NULL, text TEXT NOT NULL,
            fetched_at INTEGER NOT NULL, expires_at INTEGER NOT NULL, refresh_at INTEGER NOT NULL, used_at INTEGER NOT NULL);
        CREATE INDEX IF NOT EXISTS policy_refresh ON policy (refresh_at, expires_at, domain);
        CREATE TABLE IF NOT EXISTS unknown (domain TEXT PRIMARY KEY NOT NULL, since INTEGER NOT NULL);
        PRAGMA user_version = 1;
        """;

    protected override void OnSetAside(string file, string movedTo, string fault) => logger.StoreSetAside(file, movedTo, fault);
}
