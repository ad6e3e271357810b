using Microsoft.Extensions.Logging.Abstractions;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Sqlite;
using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Tests.Storage;

public sealed class QueueWriterTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact] // Promise 1: one operation's fault, of whatever kind, ends neither the writer nor its neighbours in the group
    public async Task Group_OneOperationThrows_OthersAreCommitted()
    {
        var directory = Directory.CreateTempSubdirectory("relay-writer-");
        using (var source = await MakeAsync(directory))
        {
            using var lab = new LabWriter(source);
            var writer = lab.Writer;
            var before = writer.SubmitAsync(new DiscardStaged(new QueueId(1)));
            var faulty = writer.SubmitAsync(new Faulty());
            var after = writer.SubmitAsync(new DiscardStaged(new QueueId(2)));

            Assert.Equal(StoreFault.None, await before);
            Assert.Equal(StoreFault.Operation, await faulty);
            Assert.Equal(StoreFault.None, await after);
        }

        directory.Delete(recursive: true);
    }

    [Fact] // What cannot be written takes nobody's place in the commits, however much there is of it
    public async Task Group_AThousandThatMustSucceedAndCannot_OthersAreCommitted()
    {
        var directory = Directory.CreateTempSubdirectory("relay-writer-");
        using (var source = await MakeAsync(directory))
        {
            using var lab = new LabWriter(source);
            var writer = lab.Writer;
            for (var count = 0; count < 1_000; count++)
            {
                _ = writer.SubmitAsync(new Faulty { Must = true });
            }

            Assert.Equal(StoreFault.None, await writer.SubmitAsync(new DiscardStaged(new QueueId(1))).WaitAsync(Token));
            Assert.Equal(StoreFault.None, await writer.SubmitAsync(new DiscardStaged(new QueueId(2))).WaitAsync(Token));
        }

        directory.Delete(recursive: true);
    }

    [Fact] // One settlement that never can be written does not have every other committed alone, for ever
    public async Task Group_OneThatMustSucceedAndNeverCan_IsTriedApartAndSeldom()
    {
        var directory = Directory.CreateTempSubdirectory("relay-writer-");
        using (var source = await MakeAsync(directory))
        {
            using var lab = new LabWriter(source);
            var writer = lab.Writer;
            var faulty = new Faulty { Must = true };
            _ = writer.SubmitAsync(faulty);
            for (var count = 0; count < 100; count++)
            {
                Assert.Equal(StoreFault.None, await writer.SubmitAsync(new DiscardStaged(new QueueId(1))).WaitAsync(Token));
            }

            Assert.InRange(faulty.Tries, 1, 50);
        }

        directory.Delete(recursive: true);
    }

    [Theory] // Of a commit that ended while somebody lost patience with it, its end is what counts
    [InlineData(true)]
    [InlineData(false)]
    public void Stalled_CommitThatHasEnded_IsNoStall(bool succeeded)
    {
        var condition = new StoreHealth(NullLogger.Instance);
        condition.Begins();
        condition.Stalled(TimeSpan.FromMinutes(2));
        Assert.False(condition.MayTry(isAnotherWaiting: false));
        if (succeeded)
        {
            condition.Succeeded();
        }
        else
        {
            condition.Failed(StoreFault.Unavailable, new IOException("I/O error"));
        }

        condition.Stalled(TimeSpan.FromMinutes(2));
        Assert.True(condition.MayTry(isAnotherWaiting: false));
    }

    private static async Task<SqliteDataSource> MakeAsync(DirectoryInfo directory)
    {
        var source = new SqliteDataSource(Path.Combine(directory.FullName, "queue.db"));
        await using var connection = await source.OpenConnectionAsync(Token);
        QueueSchema.Prepare(connection);
        return source;
    }

    private sealed class Faulty : WriteOperation
    {
        public bool Must { get; init; }

        public override bool MustSucceed => Must;

        public int Tries { get; private set; }

        public override void Execute(WriteStatements statements)
        {
            Tries++;
            throw new InvalidOperationException("a fault of ours");
        }
    }
}
