using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Reception;
using Relay.Smtp;

namespace Relay.Tests.Reception;

public sealed class SpooledContentTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-spool").FullName;
    private readonly Spool _spool;

    public SpooledContentTests()
    {
        _spool = new Spool(Options.Create(new RelayOptions { DataDirectory = _directory }));
        _spool.Prepare();
    }

    private string SpoolDirectory => Path.Combine(_directory, "spool");

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(16 * 1024)]
    [InlineData((16 * 1024) + 1)]
    [InlineData(200_000)]
    [InlineData(Spool.MemoryLimit)]
    [InlineData(Spool.MemoryLimit + 1)]
    [InlineData(5_000_000)]
    public async Task ReadAsync_AnySize_GivesTheTraceAndTheSameOctets(int size)
    {
        var octets = new byte[size];
        new Random(size).NextBytes(octets);
        using var content = new SpooledContent(_spool, "A");
        for (var offset = 0; offset < size; offset += 7777)
        {
            await content.AppendAsync(
                octets.AsMemory(offset, Math.Min(7777, size - offset)), TestContext.Current.CancellationToken);
        }

        content.Complete("Received: x\r\n"u8.ToArray(), isEightBit: true);
        Assert.Equal(size + 13, content.Octets);
        var all = await AllOf(content);
        Assert.Equal([.. "Received: x\r\n"u8, .. octets], all);
        // A second reader starts at the beginning again: several destinations read one message.
        Assert.Equal(content.Octets, (await AllOf(content)).Length);
    }

    [Fact]
    public async Task Dispose_SpilledMessage_LeavesNoFileBehind()
    {
        var content = new SpooledContent(_spool, "A");
        await content.AppendAsync(new byte[Spool.MemoryLimit + 1], TestContext.Current.CancellationToken);
        Assert.Single(Directory.EnumerateFiles(SpoolDirectory));
        content.Dispose();
        Assert.Empty(Directory.EnumerateFiles(SpoolDirectory));
    }

    [Fact] // Memory stays bounded however many messages arrive at once.
    public async Task AppendAsync_BudgetUsedUp_GoesToTheDiskAndGivesTheBudgetBack()
    {
        Assert.True(_spool.Budget.TryTake(128 * 1024 * 1024));
        var content = new SpooledContent(_spool, "A");
        await content.AppendAsync("abc"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Single(Directory.EnumerateFiles(SpoolDirectory));
        content.Complete([], isEightBit: false);
        Assert.Equal("abc"u8.ToArray(), await AllOf(content));
        content.Dispose();
        Assert.False(_spool.Budget.TryTake(1));
        _spool.Budget.Return(128 * 1024 * 1024);

        using (var small = new SpooledContent(_spool, "B"))
        {
            await small.AppendAsync(new byte[100_000], TestContext.Current.CancellationToken);
            Assert.False(_spool.Budget.TryTake(128 * 1024 * 1024));
        }

        Assert.True(_spool.Budget.TryTake(128 * 1024 * 1024));
    }

    [Fact]
    public void Prepare_LeftoversOfAKilledRelay_AreRemoved()
    {
        File.WriteAllText(Path.Combine(SpoolDirectory, "OLD.part"), "half a message");
        _spool.Prepare();
        Assert.Empty(Directory.EnumerateFiles(SpoolDirectory));
    }

    [Fact] // Other people's mail is for the relay's user alone.
    public async Task CreateFile_Mode_IsOwnerOnly()
    {
        using var content = new SpooledContent(_spool, "A");
        await content.AppendAsync(new byte[Spool.MemoryLimit + 1], TestContext.Current.CancellationToken);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Directory.EnumerateFiles(SpoolDirectory).Single()));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static async Task<byte[]> AllOf(MessageContent content)
    {
        using var all = new MemoryStream();
        await foreach (var piece in content.ReadAsync(TestContext.Current.CancellationToken))
        {
            all.Write(piece.Span);
        }

        return all.ToArray();
    }
}
