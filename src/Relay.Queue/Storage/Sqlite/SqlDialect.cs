using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>
/// Everything in which SQLite's SQL differs from PostgreSQL's; all other statements are the common subset of both.
/// </summary>
internal static class SqlDialect
{
    /// <summary>A 64-bit key of one column. SQLite only spares the extra index when the type reads so.</summary>
    public const string KeyType = "INTEGER";

    /// <summary>Octets.</summary>
    public const string OctetsType = "BLOB";

    /// <summary>Rows lie in the order of their key, as index and table in one.</summary>
    public const string Clustered = "WITHOUT ROWID";

    /// <summary>The octets of the file's pages that hold nothing.</summary>
    public const string FreeOctets = "SELECT freelist_count * page_size FROM pragma_freelist_count, pragma_page_size";

    private const int ErrorPrimaryMask = 0xFF;
    private const int ErrorCorrupt = 11;
    private const int ErrorFull = 13;
    private const int ErrorTooBig = 18;
    private const int ErrorConstraint = 19;
    private const int ErrorMismatch = 20;
    private const int ErrorNotADatabase = 26;

    /// <summary>What an error of the engine means for the operation that met it.</summary>
    public static StoreFault Classify(DbException error) =>
        ((error as SqliteException)?.SqliteErrorCode & ErrorPrimaryMask) switch
        {
            ErrorFull => StoreFault.Full,
            ErrorCorrupt or ErrorNotADatabase => StoreFault.Damaged,
            ErrorConstraint or ErrorMismatch or ErrorTooBig => StoreFault.Operation,
            _ => StoreFault.Unavailable,
        };
}
