using Microsoft.Extensions.Logging.Abstractions;
using Relay.Queue;
using Relay.Queue.Storage;

namespace Relay.Tests.Queue;

public sealed class QueueWriterTests
{
    [Fact] // Promise 1: one operation's fault, of whatever kind, ends neither the writer nor its neighbours in the group
    public async Task Group_OneOperationThrows_OthersAreCommitted()
    {
        var directory = Directory.CreateTempSubdirectory("relay-writer-");
        using (var source = new SqliteDataSource(Path.Combine(directory.FullName, "queue.db")))
        {
            await using (var connection = await source.OpenConnectionAsync(TestContext.Current.CancellationToken))
            {
                QueueSchema.Prepare(connection);
            }

            using var writer = new QueueWriter(source, NullLogger.Instance);
            var before = writer.SubmitAsync(new DiscardStaged(new QueueId(1)));
            var faulty = writer.SubmitAsync(new Faulty());
            var after = writer.SubmitAsync(new DiscardStaged(new QueueId(2)));

            Assert.Equal(StoreFault.None, await before);
            Assert.Equal(StoreFault.Operation, await faulty);
            Assert.Equal(StoreFault.None, await after);
        }

        directory.Delete(recursive: true);
    }

    private sealed class Faulty : WriteOperation
    {
        public override void Execute(WriteStatements statements) => throw new InvalidOperationException("a fault of ours");
    }
}
