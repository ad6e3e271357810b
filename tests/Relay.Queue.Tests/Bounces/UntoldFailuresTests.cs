using Microsoft.Data.Sqlite;

namespace Relay.Queue.Tests.Bounces;

/// <summary>Failures that an earlier run left in the store, or that a damaged one had.</summary>
public sealed class UntoldFailuresTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // They are told at the first start, once; what is queued goes on
    public async Task Start_WithFailures_TellsTheirSendersOnceAndGoesOn()
    {
        await using var lab = new QueueLab();
        await (await lab.StartAsync()).StopAsync(Token);
        var now = lab.Clock.GetUtcNow().ToUnixTimeMilliseconds();
        Make(lab, $"""
            INSERT INTO message VALUES
            (1, {now}, 'app@corp.example', 0, 0, 0, 'QQ+2Bx', NULL, 0, 16, x'{Hex("Subject: a\r\n\r\nb\r\n")}', 0),
            (2, {now}, '', 0, 0, 0, NULL, NULL, 0, 16, x'{Hex("Subject: a\r\n\r\nb\r\n")}', 0),
            (3, {now}, 'app@corp.example', 0, 0, 0, NULL, NULL, 0, 16, x'{Hex("Subject: a\r\n\r\nb\r\n")}', 0);
            INSERT INTO recipient (message_id, seq, state, destination, received_at, attempts, next_attempt, mailbox, notify, original_recipient, last_attempt, last_status, last_text) VALUES
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

        await queue.StopAsync(Token);
        Assert.Equal("null@a.test|1", lab.Query("SELECT mailbox, state FROM recipient"));

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
        command.CommandText = rows;
#pragma warning restore CA2100
        command.ExecuteNonQuery();
    }

    private static string Hex(string text) => Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(text));
}
