using System.Globalization;
using Microsoft.Data.Sqlite;

namespace Relay.Queue.Tests;

/// <summary>
/// Mail to a thousand domains that do not exist, from a sender that does not exist: what comes of it is bounded, and the relay goes on.
/// </summary>
public sealed class NotificationFloodTests
{
    private const int Domains = 1000;
    private const int BodyOctets = 128_000;

    // Octets and messages to the sender for those of it: at most so many times as much. Without gathering it was a thousand times.
    private const int MostOctets = 8;
    private const int MostNotifications = 12;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // RFC 3464 §2.3, RFC 3461 §4.3, RFC 5321 §4.5.5
    public async Task Failures_OfTwoMessagesToAThousandDeadDomains_DoNotFillTheDisk()
    {
        using var disk = SmallDisk.Mount(256);
        await using var internet = new LabInternet();
        var mx = internet.AddDomain("good.test");
        var data = Path.Combine(disk.Path, "data");
        (string, string)[] settings = [("Relay:DataDirectory", data), ("Queue:MinFreeOctets", "67108864")];
        await using (var relay = await internet.StartRelayAsync(settings))
        {
            await Task.WhenAll(SendAsync(relay), SendAsync(relay));
            await Poll.UntilAsync(() => Query(data, "SELECT COUNT(*) FROM recipient WHERE null_path = 0 OR state = 0") == "0", Token);

            var notifications = int.Parse(Query(data, "SELECT COUNT(*) FROM message"), CultureInfo.InvariantCulture);
            var octets = long.Parse(Query(data, "SELECT SUM(octets) FROM message"), CultureInfo.InvariantCulture);
            TestContext.Current.SendDiagnosticMessage($"{notifications} notifications, {octets} octets");
            Assert.InRange(notifications, 2, 2 * MostNotifications);
            Assert.InRange(octets, 2 * BodyOctets, 2 * MostOctets * BodyOctets);
            Assert.Equal(2 * Domains, relay.Log.Of("bounced").Count(line => line.Contains(".nx.test", StringComparison.Ordinal)) - notifications);

            await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
            await talk.SendAsync("app@corp.test", ["ann@good.test"], "Subject: small\r\n\r\nbody\r\n", "250 2.0.0", Token);
            await relay.Log.NextAsync("delivered", Token);
            await relay.StopAsync();
        }

        Assert.Single(mx.Messages);
        disk.Fill();
        await using var again = await internet.StartRelayAsync(settings);
        await using var refused = await SmtpTalk.OpenAsync(again.EndPoint, Token);
        await refused.SendAsync("app@corp.test", ["ann@good.test"], "Subject: small\r\n\r\nbody\r\n", "452 4.3.1", Token);
    }

    private static async Task SendAsync(RelayUnderTest relay)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Token);
        await talk.SayAsync("MAIL FROM:<victim@v.nx.test> RET=FULL", "250", Token);
        for (var domain = 0; domain < Domains; domain++)
        {
            await talk.SayAsync($"RCPT TO:<u@d{domain:0000}.nx.test>", "250", Token);
        }

        await talk.SayAsync("DATA", "354", Token);
        var body = string.Concat(Enumerable.Repeat(new string('x', 98) + "\r\n", BodyOctets / 100));
        await talk.SayAsync($"Subject: a\r\n\r\n{body}.", "250", Token);
    }

    private static string Query(string directory, string sql)
    {
        using var connection = new SqliteConnection($"Data Source={directory}/queue.db;Pooling=False;Mode=ReadOnly");
        connection.Open();
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // The test's own constants.
        command.CommandText = sql;
#pragma warning restore CA2100
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? string.Empty;
    }
}
