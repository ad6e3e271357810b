using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Relay.Queue.Recovery;
using Relay.Queue.Storage;

namespace Relay.Queue.Tests.Recovery;

/// <summary>A damaged queue: refused at the start, recovered, and delivered from then on.</summary>
public sealed class RecoveryTests
{
    private const int PageSize = 16_384;
    private const int Small = 150;

    private static readonly int[] Sizes = [300, 300, 9_000, 40_000, 300_000];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("header")]
    [InlineData("zeroed")]
    [InlineData("emptied")]
    [InlineData("removed")]
    [InlineData("truncated")]
    [InlineData("log")]
    [InlineData("table")]
    public async Task Start_DamagedStore_IsRefusedWithTheRemedy(string damage)
    {
        await using var live = await MakeAsync(Small, closes: damage != "log");
        await using var killed = live.CopyAsKilled();
        var lab = damage == "log" ? killed : live;
        var file = Path.Combine(lab.Directory, "queue.db");
        Damage(file, damage);
        var before = File.Exists(file) ? SHA256.HashData(await File.ReadAllBytesAsync(file, Token)) : null;

        var error = await Assert.ThrowsAsync<IOException>(() => lab.Make().StartAsync(Token));

        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains("relay queue recover", error.Message, StringComparison.Ordinal);
        if (before is not null)
        {
            Assert.Equal(before, SHA256.HashData(await File.ReadAllBytesAsync(file, Token)));
        }
    }

    [Fact] // A first start that died before it made a table is no loss
    public async Task Start_EmptyFileWhereNoQueueWasKept_IsABeginning()
    {
        await using var lab = new QueueLab();
        await File.WriteAllBytesAsync(Path.Combine(lab.Directory, "queue.db"), [], Token);
        await lab.StartAsync();
    }

    [Fact]
    public async Task Recover_SoundStore_KeepsEverything()
    {
        await using var lab = await MakeAsync(Small, closes: true);
        var expected = Contents(lab);
        var report = Recover(lab);

        Assert.Equal(expected, Contents(lab));
        Assert.Equal((Small, 0, 0, 0L), (report.Messages, report.Incomplete.Count, report.WithoutContent.Count, report.Uncertain));
    }

    [Fact] // A failure that was not told before the damage is told after it
    public async Task Recover_FailureUntold_IsToldAtTheNextStart()
    {
        await using var lab = await MakeAsync(Small, closes: true);
        lab.Query("UPDATE recipient SET state = 1, last_status = '5.1.1', last_text = '550 No such user' WHERE message_id = (SELECT MIN(message_id) FROM recipient)");
        var id = lab.Query("SELECT MIN(message_id) FROM recipient");
        Recover(lab);
        await lab.StartAsync();

        Assert.Equal(new QueueId(long.Parse(id, System.Globalization.CultureInfo.InvariantCulture)).ToString(), (await lab.Log.NextAsync("notification-queued"))["About"]);
    }

    [Fact] // What was committed last may lie in the write-ahead log alone
    public async Task Recover_KilledRelaysLog_IsReadToo()
    {
        await using var lab = await MakeAsync(Small, closes: false);
        var expected = Contents(lab);
        await using var copy = lab.CopyAsKilled();
        Assert.True(new FileInfo(Path.Combine(copy.Directory, "queue.db-wal")).Length > PageSize);
        Recover(copy);

        Assert.Equal(expected, Contents(copy));
    }

    [Theory] // After a power loss the log may be as long as one frame and hold nothing: nobody was promised what was to go there
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Start_LogOfZeros_IsRefusedIfItCanHaveHeldACommit(int frames, bool isRefused)
    {
        await using var lab = await MakeAsync(Small, closes: true);
        lab.Query("PRAGMA wal_checkpoint(TRUNCATE)");
        await File.WriteAllBytesAsync(Path.Combine(lab.Directory, "queue.db-wal"), new byte[32 + (frames * (24 + PageSize))], TestContext.Current.CancellationToken);
        if (isRefused)
        {
            var refusal = await Assert.ThrowsAsync<IOException>(lab.StartAsync);
            Assert.Contains("does not begin as one", refusal.Message, StringComparison.Ordinal);
            return;
        }

        await lab.StartAsync();
        for (var message = 0; message < Small; message++)
        {
            await lab.Log.NextAsync("delivered");
        }
    }

    [Fact] // What was committed last lies behind a header that is lost
    public async Task Recover_LogWithoutItsHeader_IsReadFromItsFirstPageOn()
    {
        await using var lab = await MakeAsync(Small, closes: false);
        var expected = Contents(lab);
        await using var copy = lab.CopyAsKilled();
        Damage(Path.Combine(copy.Directory, "queue.db"), "log");
        var report = Recover(copy);

        Assert.True(report.IsLogDoubtful);
        Assert.Equal(expected, Contents(copy));
    }

    [Theory] // Killed between its renames: what is complete is never begun anew, and the old log never lies beside the fresh store
    [InlineData("")]
    [InlineData("-wal")]
    [InlineData("-shm")]
    public async Task Recover_KilledBetweenItsRenames_GoesOnThere(string lastMoved)
    {
        await using var lab = await MakeAsync(Small, closes: false);
        var expected = Contents(lab);
        await using var copy = lab.CopyAsKilled();
        var file = Path.Combine(copy.Directory, "queue.db");
        string[] parts = ["", "-wal", "-shm"];
        var before = parts.Where(part => File.Exists(file + part)).ToDictionary(part => part, part => File.ReadAllBytes(file + part));
        Recover(copy);
        File.Move(file, file + ".recovered");
        foreach (var part in parts[(Array.IndexOf(parts, lastMoved) + 1)..].Where(before.ContainsKey))
        {
            await File.WriteAllBytesAsync(file + part, before[part], Token);
        }

        using (var refused = copy.Make())
        {
            await Assert.ThrowsAsync<IOException>(() => refused.StartAsync(Token));
        }

        copy.Clock.Advance(TimeSpan.FromMinutes(1));
        var report = Recover(copy);

        Assert.True(report.WasDoneBefore);
        Assert.Equal(Small, report.Messages);
        Assert.Equal(expected, Contents(copy));
    }

    [Fact] // A store that has been in use since is newer than what an earlier run left behind
    public async Task Recover_LeftoverOfAnEarlierRunBesideAStore_IsNotTaken()
    {
        await using var lab = await MakeAsync(Small, closes: true);
        var expected = Contents(lab);
        await using var other = await MakeAsync(1, closes: true);
        File.Copy(Path.Combine(other.Directory, "queue.db"), Path.Combine(lab.Directory, "queue.db.recovered"));
        var report = Recover(lab);

        Assert.False(report.WasDoneBefore);
        Assert.Equal(expected, Contents(lab));
    }

    [Fact] // Without the list of free pages, what the tables lead to counts before what a free page still holds, wherever that lies
    public async Task Recover_FreePageHoldsOldRowsBeforeTheNew_TheNewCount()
    {
        await using var lab = await MakeAsync(Small, closes: true);
        var expected = Query(lab, "SELECT message_id, seq, state FROM recipient ORDER BY message_id, seq");
        var root = int.Parse(Query(lab, "SELECT rootpage FROM sqlite_schema WHERE name = 'recipient'"), System.Globalization.CultureInfo.InvariantCulture);
        var file = Path.Combine(lab.Directory, "queue.db");
        var octets = await File.ReadAllBytesAsync(file, Token);

        // The last leaf moves to the end of the file, and its old page is neither in the table nor on the list.
        var rightmost = octets.AsSpan(((root - 1) * PageSize) + 8, 4);
        var leaf = BinaryPrimitives.ReadInt32BigEndian(rightmost);
        BinaryPrimitives.WriteInt32BigEndian(rightmost, (octets.Length / PageSize) + 1);
        octets.AsSpan(32, 8).Fill(0xFF);
        await File.WriteAllBytesAsync(file, [.. octets, .. octets.AsSpan((leaf - 1) * PageSize, PageSize)], Token);
        var report = Recover(lab);

        Assert.Equal(0, report.Uncertain);
        Assert.Equal(expected, Query(lab, "SELECT message_id, seq, state FROM recipient ORDER BY message_id, seq"));
    }

    [Fact] // Rows that were deleted stay so: delivered mail does not come back
    public async Task Recover_AfterDeliveries_BringsNoneBack()
    {
        await using var lab = await MakeAsync(Small, closes: true);
        Query(lab, "DELETE FROM recipient WHERE message_id % 3 <> 0; DELETE FROM message WHERE id % 3 <> 0; DELETE FROM chunk WHERE message_id % 3 <> 0");
        var expected = Contents(lab);
        var report = Recover(lab);
        Assert.Equal(expected, Contents(lab));
        Assert.Empty(report.WithoutRecipients);
    }

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(2, 1, true)]
    [InlineData(3, 3, false)]
    [InlineData(4, 3, true)]
    [InlineData(5, 10, false)]
    [InlineData(6, 10, true)]
    [InlineData(7, 25, false)]
    [InlineData(8, 25, true)]
    public async Task Recover_DamagedPages_KeepsAllThatLiesOnOthers(int seed, int damages, bool zeros)
    {
        await using var lab = await MakeAsync(Small, closes: true);
        var file = Path.Combine(lab.Directory, "queue.db");
        var original = await File.ReadAllBytesAsync(file, Token);
        var random = new Random(seed);
        var damaged = (byte[])original.Clone();
        var hit = new HashSet<int>();
        while (hit.Count < damages)
        {
            hit.Add(random.Next(damaged.Length / PageSize));
        }

        foreach (var page in hit)
        {
            var octets = damaged.AsSpan(page * PageSize, PageSize);
            if (zeros)
            {
                octets.Clear();
            }
            else
            {
                random.NextBytes(octets);
            }
        }

        var (recipients, messages) = Sound(lab, original, hit);
        await File.WriteAllBytesAsync(file, damaged, Token);
        var report = Recover(lab);

        Assert.Empty(recipients.Except(Query(lab, "SELECT mailbox FROM recipient").Split('\n')));
        var lost = report.WithoutRecipients.Select(id => id.Value).ToHashSet();
        Assert.Empty(messages.Except(Ids(lab)).Except(lost));
        Assert.All(lost, id => Assert.True(File.Exists(Path.Combine($"{report.DamagedFile}.lost", $"{new QueueId(id)}.eml"))));
        Assert.Equal("ok", Query(lab, "PRAGMA integrity_check"));

        // Whatever is sound and certain is delivered, whole; ids go on above all that were seen.
        var queued = Query(lab, "SELECT COUNT(*) FROM recipient WHERE state = 0");
        lab.Pipeline.Before = async (attempt, token) =>
        {
            var octets = 0L;
            await foreach (var piece in attempt.Content.ReadAsync(token))
            {
                octets += piece.Length;
            }

            Assert.Equal(attempt.Content.Octets, octets);
        };
        var queue = await lab.StartAsync();
        for (var count = int.Parse(queued, System.Globalization.CultureInfo.InvariantCulture); count > 0; count--)
        {
            await lab.Log.NextAsync("delivered");
        }

        Assert.True(queue.NextId().Value > QueueIdSequence.First + Small);
    }

    private static QueueRecoveryReport Recover(QueueLab lab)
    {
        using var directory = QueueDirectory.Open(lab.Directory);
        directory.MarkMade();
        return new QueueRecovery(directory.QueueFile, lab.Clock.GetUtcNow()).Run(Token);
    }

    private static async Task<QueueLab> MakeAsync(int messages, bool closes)
    {
        var lab = new QueueLab();
        lab.Pipeline.Before = (_, token) => Task.Delay(Timeout.InfiniteTimeSpan, lab.Clock, token);
        var queue = await lab.StartAsync();
        var random = new Random(1);
        var results = new List<Task<EnqueueResult>>();
        for (var number = 0; number < messages; number++)
        {
            var content = new byte[Sizes[number % Sizes.Length]];
            random.NextBytes(content);
            var to = Enumerable.Range(0, 1 + (number % 3)).Select(seq => $"{new string('u', 200)}{number}.{seq}@d{seq}.test");
            results.Add(lab.EnqueueAsync(queue, new BytesContent(content), [.. to]));
        }

        Assert.All(await Task.WhenAll(results), result => Assert.Equal(EnqueueResult.Stored, result));

        if (closes)
        {
            using var now = new CancellationTokenSource();
            await now.CancelAsync();
            await queue.StopAsync(now.Token);
            lab.Pipeline = new FakePipeline();
        }

        return lab;
    }

    private static void Damage(string file, string damage)
    {
        using var stream = new FileStream(damage == "log" ? file + "-wal" : file, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        switch (damage)
        {
            case "header":
                stream.Write("garbage over the header of the file"u8);
                break;

            case "zeroed":
                stream.Write(new byte[stream.Length]);
                break;

            case "emptied":
                stream.SetLength(0);
                break;

            case "removed":
                File.Delete(file);
                break;

            case "truncated":
                stream.SetLength(stream.Length / PageSize / 2 * PageSize);
                break;

            case "log":
                stream.Write("garbage over the write-ahead log"u8);
                break;

            case "table":
                stream.Dispose();
                using (var connection = new SqliteConnection($"Data Source={file};Pooling=False"))
                {
                    connection.Open();
                    using var command = connection.CreateCommand();
                    command.CommandText = "DROP TABLE message; PRAGMA wal_checkpoint(TRUNCATE)";
                    command.ExecuteNonQuery();
                }

                break;
        }
    }

    // The recipients and messages of which no octet lies on a damaged page: addresses and small contents stand in their rows as they are, and
    // each row on one page.
    private static (List<string> Recipients, List<long> Messages) Sound(QueueLab lab, byte[] original, HashSet<int> hit)
    {
        var damaged = string.Concat(hit.Select(page => Encoding.Latin1.GetString(original, page * PageSize, PageSize)));
        var recipients = Query(lab, "SELECT mailbox FROM recipient").Split('\n')
            .Where(mailbox => !damaged.Contains(mailbox, StringComparison.Ordinal)).ToList();
        var messages = Query(lab, "SELECT id, hex(head) FROM message WHERE octets < 10000").Split('\n').Select(line => line.Split('|'))
            .Where(line => !damaged.Contains(Encoding.Latin1.GetString(Convert.FromHexString(line[1])), StringComparison.Ordinal))
            .Select(line => long.Parse(line[0], System.Globalization.CultureInfo.InvariantCulture)).ToList();
        Assert.NotEmpty(recipients);
        Assert.NotEmpty(messages);
        return (recipients, messages);
    }

    private static IEnumerable<long> Ids(QueueLab lab) => Query(lab, "SELECT id FROM message").Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Select(id => long.Parse(id, System.Globalization.CultureInfo.InvariantCulture));

    private static string Contents(QueueLab lab) =>
        Query(lab, "SELECT id, reverse_path, envelope_id, octets, hex(head) FROM message ORDER BY id")
        + Query(lab, "SELECT message_id, seq, hex(data) FROM chunk ORDER BY message_id, seq")
        + Query(lab, "SELECT * FROM recipient ORDER BY message_id, seq")
        + Query(lab, "SELECT * FROM report ORDER BY message_id");

    private static string Query(QueueLab lab, string sql) => lab.Query(sql);
}
