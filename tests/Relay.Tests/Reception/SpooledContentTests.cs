using System.Net;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Queue;
using Relay.Reception;
using Relay.Reception.Spooling;
using Relay.Smtp;

namespace Relay.Tests.Reception;

public sealed class SpooledContentTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-spool").FullName;
    private readonly FakeDisk _disk = new();
    private readonly Spool _spool;

    public SpooledContentTests()
    {
        _spool = new Spool(Options.Create(new RelayOptions { DataDirectory = _directory, MaxSpoolBytesPerClient = 20_000_000 }), _disk);
        _spool.Prepare();
    }

    private static AddressBlock Client { get; } = AddressBlock.OfClient(IPAddress.Parse("192.0.2.1"));

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
        using var content = new SpooledContent(_spool, "A", Client);
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
        var content = new SpooledContent(_spool, "A", Client);
        await content.AppendAsync(new byte[Spool.MemoryLimit + 1], TestContext.Current.CancellationToken);
        Assert.Single(Directory.EnumerateFiles(SpoolDirectory));
        content.Dispose();
        Assert.Empty(Directory.EnumerateFiles(SpoolDirectory));
    }

    [Fact] // Memory stays bounded however many messages arrive at once.
    public async Task AppendAsync_BudgetUsedUp_GoesToTheDiskAndGivesTheBudgetBack()
    {
        Assert.True(_spool.Budget.TryTake(128 * 1024 * 1024));
        var content = new SpooledContent(_spool, "A", Client);
        await content.AppendAsync("abc"u8.ToArray(), TestContext.Current.CancellationToken);
        Assert.Single(Directory.EnumerateFiles(SpoolDirectory));
        content.Complete([], isEightBit: false);
        Assert.Equal("abc"u8.ToArray(), await AllOf(content));
        content.Dispose();
        Assert.False(_spool.Budget.TryTake(1));
        _spool.Budget.Return(128 * 1024 * 1024);

        using (var small = new SpooledContent(_spool, "B", Client))
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
        using var content = new SpooledContent(_spool, "A", Client);
        await content.AppendAsync(new byte[Spool.MemoryLimit + 1], TestContext.Current.CancellationToken);
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Directory.EnumerateFiles(SpoolDirectory).Single()));
    }

    [Fact] // What the queue keeps free is not the spool's: room is asked for as octets come, and given back with the file
    public async Task AppendAsync_DiskShort_IsRefusedAndTakesNothing()
    {
        _disk.Free = 5_000_000;
        var content = new SpooledContent(_spool, "A", Client);
        var room = SpoolRoom.Taken;
        for (var octets = 0; room == SpoolRoom.Taken; octets += 100_000)
        {
            Assert.True(octets <= 5_000_000);
            room = await content.AppendAsync(new byte[100_000], TestContext.Current.CancellationToken);
            _disk.Free = 5_000_000 - Directory.EnumerateFiles(SpoolDirectory).Sum(file => new FileInfo(file).Length);
        }

        Assert.Equal(SpoolRoom.DiskIsShort, room);
        Assert.InRange(_disk.Free, 0, 1_100_000);
        content.Dispose();
        Assert.Equal(0, _disk.UnderWay);
    }

    [Fact] // One client's share: others have theirs
    public async Task AppendAsync_ClientHasItsShare_IsRefusedUntilItGivesSomeBack()
    {
        var first = new SpooledContent(_spool, "A", Client);
        Assert.Equal(SpoolRoom.Taken, await first.AppendAsync(new byte[15_000_000], TestContext.Current.CancellationToken));
        using var second = new SpooledContent(_spool, "B", Client);
        Assert.Equal(SpoolRoom.ClientHasTooMuch, await second.AppendAsync(new byte[6_000_000], TestContext.Current.CancellationToken));
        using var other = new SpooledContent(_spool, "C", AddressBlock.OfClient(IPAddress.Parse("192.0.2.2")));
        Assert.Equal(SpoolRoom.Taken, await other.AppendAsync(new byte[6_000_000], TestContext.Current.CancellationToken));
        first.Dispose();
        Assert.Equal(SpoolRoom.Taken, await second.AppendAsync(new byte[6_000_000], TestContext.Current.CancellationToken));
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

    private sealed class FakeDisk : IDiskRoom
    {
        public long Free { get; set; } = long.MaxValue;

        public long UnderWay { get; private set; }

        public bool TryTake(long octets)
        {
            if (Free - UnderWay < octets)
            {
                return false;
            }

            UnderWay += octets;
            return true;
        }

        public void Release(long octets) => UnderWay -= octets;
    }
}
