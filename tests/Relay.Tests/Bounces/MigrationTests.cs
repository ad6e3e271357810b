using Microsoft.Data.Sqlite;
using Relay.Tests.Queue;

namespace Relay.Tests.Bounces;

/// <summary>A store that version 1 of the schema made, as it stood in the first release.</summary>
public sealed class MigrationTests
{
    private const string VersionOne = """
        CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value BIGINT NOT NULL);
        CREATE TABLE IF NOT EXISTS message (
            id INTEGER PRIMARY KEY,
            received_at BIGINT NOT NULL,
            reverse_path TEXT NOT NULL,
            body BIGINT NOT NULL,
            smtp_utf8 BIGINT NOT NULL,
            ret BIGINT NOT NULL,
            envelope_id TEXT,
            auth TEXT,
            eight_bit BIGINT NOT NULL,
            octets BIGINT NOT NULL,
            head BLOB NOT NULL);
        CREATE TABLE IF NOT EXISTS chunk (
            message_id BIGINT NOT NULL,
            seq BIGINT NOT NULL,
            data BLOB NOT NULL,
            PRIMARY KEY (message_id, seq));
        CREATE TABLE IF NOT EXISTS staged (message_id INTEGER PRIMARY KEY);
        CREATE TABLE IF NOT EXISTS recipient (
            message_id BIGINT NOT NULL,
            seq BIGINT NOT NULL,
            state BIGINT NOT NULL,
            destination TEXT NOT NULL,
            received_at BIGINT NOT NULL,
            attempts BIGINT NOT NULL,
            next_attempt BIGINT NOT NULL,
            mailbox TEXT NOT NULL,
            notify BIGINT NOT NULL,
            original_recipient TEXT,
            last_attempt BIGINT,
            last_status TEXT,
            last_text TEXT,
            PRIMARY KEY (message_id, seq)) WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS report (
            message_id INTEGER PRIMARY KEY,
            report_key TEXT NOT NULL UNIQUE,
            taken_at BIGINT NOT NULL);
        CREATE INDEX IF NOT EXISTS report_taken_at ON report (taken_at);
        INSERT INTO setting VALUES ('schema_version', 1), ('reserved_ids', 33654432);
        """;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // Issue 5: what failed before there were notifications is told at the first start, once; what is queued goes on
    public async Task VersionOne_WithFailures_TellsTheirSendersOnceAndGoesOn()
    {
        await using var lab = new QueueLab();
        var now = lab.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        Make(lab, $"""
            INSERT INTO message VALUES
            (1, {now}, 'app@corp.example', 0, 0, 0, 'QQ+2Bx', NULL, 0, 16, x'{Hex("Subject: a\r\n\r\nb\r\n")}'),
            (2, {now}, '', 0, 0, 0, NULL, NULL, 0, 16, x'{Hex("Subject: a\r\n\r\nb\r\n")}'),
            (3, {now}, 'app@corp.example', 0, 0, 0, NULL, NULL, 0, 16, x'{Hex("Subject: a\r\n\r\nb\r\n")}');
            INSERT INTO recipient VALUES
            (1, 0, 1, 'a.test', {now}, 1, {now}, 'gone@a.test', 0, NULL, {now}, '5.1.1', '550 5.1.1 No such user'),
            (1, 1, 2, 'b.test', {now}, 9, {now}, 'late@b.test', 0, NULL, {now}, '4.4.1', 'mx.b.test: connection refused'),
            (1, 2, 1, 'c.test', {now}, 1, {now}, 'mute@c.test', 1, NULL, {now}, '5.1.1', '550 5.1.1 No such user'),
            (2, 0, 1, 'a.test', {now}, 1, {now}, 'null@a.test', 0, NULL, {now}, '5.1.1', '550 5.1.1 No such user'),
            (3, 0, 0, 'd.test', {now}, 0, {now}, 'ann@d.test', 0, NULL, NULL, NULL, NULL);
            """);
        var octets = new TaskCompletionSource<string>();
        lab.Pipeline.Before = async (attempt, token) =>
        {
            if (attempt.Mail.ReversePath.IsNull)
            {
                await foreach (var piece in attempt.Content.ReadAsync(token))
                {
                    octets.TrySetResult(System.Text.Encoding.ASCII.GetString(piece.Span));
                }
            }
        };
        var queue = await lab.StartAsync();

        var line = await lab.Log.NextAsync("notification-queued");
        Assert.Equal(("<app@corp.example>", "failed", 2), (line["To"], line["Kind"], line["Recipients"]));
        var text = await octets.Task.WaitAsync(Token);
        Assert.Contains("Original-Envelope-Id: QQ+x\r\n", text, StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: rfc822; gone@a.test\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user\r\n", text, StringComparison.Ordinal);
        Assert.Contains("Final-Recipient: rfc822; late@b.test\r\nAction: failed\r\nStatus: 5.4.7\r\nDiagnostic-Code: x-relay; mx.b.test: connection refused\r\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("mute@", text, StringComparison.Ordinal);
        await lab.Log.NextAsync("delivered");
        await Poll.UntilAsync(() => lab.Query("SELECT value FROM setting WHERE name = 'untold_failures'") == "0", Token);

        await queue.StopAsync(Token);
        Assert.Equal("null@a.test|1", lab.Query("SELECT mailbox, state FROM recipient"));
        Assert.Equal("2", lab.Query("SELECT value FROM setting WHERE name = 'schema_version'"));

        // Nothing is told twice.
        var again = await lab.StartAsync();
        await again.StopAsync(Token);
        Assert.Equal("1", lab.Query("SELECT COUNT(*) FROM message"));
    }

    private static void Make(QueueLab lab, string rows)
    {
        using var connection = new SqliteConnection($"Data Source={lab.Directory}/queue.db;Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The test's own constants.
        command.CommandText = VersionOne + rows;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static string Hex(string text) => Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(text));
}
