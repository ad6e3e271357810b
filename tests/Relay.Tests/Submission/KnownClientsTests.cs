using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Relay.Configuration;
using Relay.Lab;
using Relay.Reception;
using Relay.Submission;

namespace Relay.Tests.Submission;

/// <summary>From where accounts have authenticated, over restarts.</summary>
public sealed class KnownClientsTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-known").FullName;
    private readonly ManualClock _clock = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string FilePath => Path.Combine(_directory, "known-clients");

    [Fact]
    public async Task Client_ThatAuthenticated_IsKnownAfterARestartAndForItself()
    {
        await RunAsync(known =>
        {
            known.Add(Of("192.0.2.1"), "ann@corp.test");
            known.Add(Of("2001:db8:1:2::1"), "jörg");
        });
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FilePath));
        await RunAsync(known =>
        {
            Assert.True(known.Contains(Of("192.0.2.1"), "ann@corp.test"));
            Assert.True(known.Contains(Of("::ffff:192.0.2.1"), "ann@corp.test"));
            Assert.True(known.Contains(Of("2001:db8:1:2:ffff::9"), "jörg"));
            Assert.False(known.Contains(Of("192.0.2.2"), "ann@corp.test"));
            Assert.False(known.Contains(Of("2001:db8:1:3::1"), "jörg"));
            Assert.False(known.Contains(Of("192.0.2.1"), "jörg"));
        });
    }

    [Fact] // a job that runs once a week stays known; what was not seen for a month does not
    public async Task Client_IsKnownForThirtyDaysAfterItsLastLogin()
    {
        await RunAsync(known => known.Add(Of("192.0.2.1"), "ann"));
        _clock.Advance(TimeSpan.FromDays(29));
        await RunAsync(known => known.Add(Of("192.0.2.1"), "ann"));
        _clock.Advance(TimeSpan.FromDays(29));
        await RunAsync(known => Assert.True(known.Contains(Of("192.0.2.1"), "ann")));
        _clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(known =>
        {
            Assert.False(known.Contains(Of("192.0.2.1"), "ann"));
            known.Add(Of("192.0.2.2"), "bob");
        });
        Assert.DoesNotContain("ann", await File.ReadAllTextAsync(FilePath, Cancel), StringComparison.Ordinal);
    }

    [Fact] // not for every login, but soon, and not only at the end: a relay may be killed
    public async Task File_IsWrittenAtOnceForANewClientAndOnceADayForAnother()
    {
        using var known = New();
        await known.StartAsync(Cancel);
        known.Add(Of("192.0.2.1"), "ann");
        await Poll.UntilAsync(() => File.Exists(FilePath), Cancel);
        var written = File.GetLastWriteTimeUtc(FilePath);
        _clock.Advance(TimeSpan.FromHours(23));
        known.Add(Of("192.0.2.1"), "ann");
        await known.StopAsync(Cancel);
        Assert.Equal(written, File.GetLastWriteTimeUtc(FilePath));
    }

    [Fact] // whoever has one password does not make the relay forget the others' clients
    public async Task Clients_OfOneAccount_AreBoundedAndCrowdNobodyOut()
    {
        await RunAsync(known =>
        {
            known.Add(Of("192.0.2.1"), "ann");
            for (var i = 0; i < 5_000; i++)
            {
                known.Add(Of($"2001:db8:1:{i:x}::1"), "mallory");
                _clock.Advance(TimeSpan.FromSeconds(1));
            }

            Assert.True(known.Contains(Of("192.0.2.1"), "ann"));
            Assert.True(known.Contains(Of("2001:db8:1:1387::1"), "mallory"));
            Assert.False(known.Contains(Of("2001:db8:1:0::1"), "mallory"));
        });
        Assert.Equal(KnownClients.ClientsOfAnAccount + 2, (await File.ReadAllLinesAsync(FilePath, TestContext.Current.CancellationToken)).Length);
    }

    [Fact] // nothing but speed hangs on the file: one that is damaged stops nobody
    public async Task File_Damaged_IsReadAsFarAsItCanBe()
    {
        var now = _clock.GetUtcNow();
        await File.WriteAllLinesAsync(
            FilePath,
            [
                "# comment", string.Empty, "nonsense", $"{now:yyyy-MM-dd'T'HH:mm:ss'Z'} 192.0.2.1 ann",
                $"{now:yyyy-MM-dd'T'HH:mm:ss'Z'} 192.0.2.300 bob", "2026-99-99T00:00:00Z 192.0.2.1 carl",
                $"{now:yyyy-MM-dd'T'HH:mm:ss'Z'} 192.0.2.1 two words", $"{now:yyyy-MM-dd'T'HH:mm:ss'Z'} 192.0.2.1",
            ],
            Cancel);
        await RunAsync(known =>
        {
            Assert.True(known.Contains(Of("192.0.2.1"), "ann"));
            Assert.False(known.Contains(Of("192.0.2.1"), "bob"));
            Assert.False(known.Contains(Of("192.0.2.1"), "carl"));
        });
    }

    [Fact]
    public async Task File_OfAClockThatWasAhead_LastsNoLonger()
    {
        await File.WriteAllTextAsync(FilePath, "2099-01-01T00:00:00Z 192.0.2.1 ann\n", Cancel);
        using var known = New();
        await known.StartAsync(Cancel);
        Assert.True(known.Contains(Of("192.0.2.1"), "ann"));
        _clock.Advance(KnownClients.Lifetime);
        Assert.False(known.Contains(Of("192.0.2.1"), "ann"));
        await known.StopAsync(Cancel);
    }

    [Fact]
    public async Task File_ThatCannotBeReadOrWritten_IsDoneWithout()
    {
        Directory.CreateDirectory(FilePath);
        Directory.CreateDirectory(FilePath + ".new");
        await RunAsync(known =>
        {
            known.Add(Of("192.0.2.1"), "ann");
            Assert.True(known.Contains(Of("192.0.2.1"), "ann"));
        });
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private static AddressBlock Of(string address) => AddressBlock.OfClient(IPAddress.Parse(address));

    private KnownClients New() => new(
        Options.Create(new RelayOptions { DataDirectory = _directory }), _clock, NullLogger<KnownClients>.Instance);

    // The life of one relay.
    private async Task RunAsync(Action<KnownClients> act)
    {
        using var known = New();
        await known.StartAsync(Cancel);
        act(known);
        await known.StopAsync(Cancel);
    }
}
