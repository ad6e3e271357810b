namespace Relay.Queue.Storage.Sqlite;

/// <summary>What a checkpoint came to.</summary>
/// <param name="IsWhole">Everything in the log is in the database file, and on the disk.</param>
/// <param name="Pages">The length of the log.</param>
internal readonly record struct LogCheckpoint(bool IsWhole, long Pages);
