using Microsoft.Extensions.Logging;
using Relay.Sqlite;

namespace Relay.TlsRpt.Ledger;

/// <summary>
/// The file of counts, reports and their destinations. RFC 8460 §8: nothing in it tells of messages, senders or recipients, only hosts,
/// addresses of hosts and results.
/// </summary>
internal sealed class ReportDatabase(string path, TimeProvider time, ILogger<ReportDatabase> logger)
    : SqliteFile(path, Schema, time)
{
    // Days are yyyy-MM-dd, times milliseconds of Unix, and a policy stands once however many days it is reported on.
    private const string Schema =
        """
        CREATE TABLE IF NOT EXISTS policy (
            digest BLOB PRIMARY KEY NOT NULL, type TEXT NOT NULL, lines TEXT NOT NULL, mx TEXT NOT NULL) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS tally (
            day TEXT NOT NULL, domain TEXT NOT NULL, policy BLOB NOT NULL, ok INTEGER NOT NULL, failed INTEGER NOT NULL,
            PRIMARY KEY (day, domain, policy)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS failure (
            day TEXT NOT NULL, domain TEXT NOT NULL, policy BLOB NOT NULL, type TEXT NOT NULL, sending TEXT NOT NULL,
            receiving TEXT NOT NULL, mx TEXT NOT NULL, helo TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (day, domain, policy, type, sending, receiving, mx, helo, reason)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS report (
            day TEXT NOT NULL, domain TEXT NOT NULL, state TEXT NOT NULL, next_at INTEGER, since INTEGER,
            id TEXT, contact TEXT, gzip BLOB, summary TEXT, detail TEXT NOT NULL DEFAULT '',
            PRIMARY KEY (day, domain)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS report_due ON report (next_at) WHERE next_at IS NOT NULL;
        CREATE INDEX IF NOT EXISTS report_id ON report (id) WHERE id IS NOT NULL;
        CREATE TABLE IF NOT EXISTS outbox (
            day TEXT NOT NULL, domain TEXT NOT NULL, rua TEXT NOT NULL, state TEXT NOT NULL, attempts INTEGER NOT NULL,
            next_at INTEGER, expires_at INTEGER NOT NULL, detail TEXT NOT NULL,
            PRIMARY KEY (day, domain, rua)) WITHOUT ROWID;
        CREATE INDEX IF NOT EXISTS outbox_due ON outbox (next_at) WHERE next_at IS NOT NULL;
        CREATE TABLE IF NOT EXISTS mailed (
            day TEXT NOT NULL, mailbox TEXT NOT NULL, domain TEXT NOT NULL, PRIMARY KEY (day, mailbox, domain)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS suppression (
            mailbox TEXT PRIMARY KEY NOT NULL, until INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
        PRAGMA user_version = 1;
        """;

    protected override void OnSetAside(string file, string movedTo, string fault) =>
        logger.StoreSetAside(file, movedTo, fault);
}
