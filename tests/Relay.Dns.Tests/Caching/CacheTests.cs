using System.Globalization;
using Microsoft.Extensions.Options;
using Relay.Dns.Caching;
using Relay.Dns.Messages;
using Relay.Lab;
using Relay.Lab.Dns;

namespace Relay.Dns.Tests.Caching;

public class CacheTests
{
    [Fact] // STS-52, RFC 1035 §3.2.1
    public async Task Query_WithinTimeToLive_IsNotAskedAgain()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.WithTtl(60).AddA("mx.example", "192.0.2.1");

        await AssertAskedAgainAfterAsync(lab, "mx.example", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Query_TimeToLiveOfYears_IsKeptForADay()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.WithTtl(int.MaxValue).AddA("mx.example", "192.0.2.1");

        await AssertAskedAgainAfterAsync(lab, "mx.example", TimeSpan.FromDays(1));
    }

    [Theory] // RFC 1035 §3.2.1, RFC 2181 §8
    [InlineData(0)]
    [InlineData(-1)]
    public async Task Query_NoTimeToLive_IsAskedEachTime(int ttl)
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.WithTtl(ttl).AddA("mx.example", "192.0.2.1");

        Assert.Equal(TimeSpan.Zero, (await lab.AskAsync("mx.example", DnsRecordType.A)).TimeToLive);
        await lab.AskAsync("mx.example", DnsRecordType.A);
        Assert.Equal(2, lab.Server.Queries.All.Count);
    }

    [Fact] // RFC 2181 §5.2
    public async Task Query_TimesToLiveDiffer_TheLowestCounts()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.WithTtl(60).AddA("mx.example", "192.0.2.1").WithTtl(5).AddA("mx.example", "192.0.2.2");

        Assert.Equal(TimeSpan.FromSeconds(5), (await lab.AskAsync("mx.example", DnsRecordType.A)).TimeToLive);
    }

    [Theory] // RFC 2308 §5: the lesser of the SOA's time to live and its minimum, at most three hours.
    [InlineData(600, 60, 60)]
    [InlineData(60, 600, 60)]
    [InlineData(86_400, 86_400, 10_800)]
    public async Task Query_Absence_IsKeptByTheSoa(int ttl, int minimum, int kept)
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.WithTtl(ttl).AddSoa("example", minimum).AddTxt("there.example", "x");

        await AssertAskedAgainAfterAsync(lab, "nowhere.example", TimeSpan.FromSeconds(kept));
        await AssertAskedAgainAfterAsync(lab, "there.example", TimeSpan.FromSeconds(kept));
    }

    [Fact] // RFC 2308 §5
    public async Task Query_AbsenceWithoutSoa_IsNotKept()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.OmitsSoa = true;

        await lab.AskAsync("nowhere.example", DnsRecordType.A);
        await lab.AskAsync("nowhere.example", DnsRecordType.A);

        Assert.Equal(2, lab.Server.Queries.All.Count);
    }

    [Fact] // RFC 2308 §5: an SOA of elsewhere proves nothing here.
    public async Task Query_AbsenceWithForeignSoa_IsNotKept()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault("nowhere.example", LabDnsType.A, new LabDnsFault.Custom(query => MessageBuilder.AnswerTo(query)
            .Set(3, 0x83).Authority("other.example", 6, [0, 0, .. new byte[16], 0, 0, 0xFF, 0xFF]).Build()));

        var answer = await lab.AskAsync("nowhere.example", DnsRecordType.A);

        Assert.Equal((DnsStatus.NameError, TimeSpan.Zero), (answer.Status, answer.TimeToLive));
    }

    [Fact] // RFC 9520 §3.2, RFC 2308 §7
    public async Task Query_ServerFailure_IsKeptForOneSecond()
    {
        await using var lab = ResolverLab.Start();
        lab.Server.SetFault("mx.example", LabDnsType.A, LabDnsFault.ServerFailure);

        await AssertAskedAgainAfterAsync(lab, "mx.example", TimeSpan.FromSeconds(1));
    }

    [Fact]
    public async Task Query_Cached_CompletesSynchronouslyWithoutAllocating()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddMx("example.net", 10, "mx.example.net");
        var name = ResolverLab.Name("example.net");
        var first = await lab.AskAsync("example.net", DnsRecordType.Mx);
        Assert.Same(first, await lab.Resolver.QueryAsync(name, DnsRecordType.Mx, ResolverLab.Stop));

        var thread = Environment.CurrentManagedThreadId;
        var stop = ResolverLab.Stop;
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
        {
            await lab.Resolver.QueryAsync(name, DnsRecordType.Mx, stop);
        }

        // Tiered compilation may allocate once behind our back, but not a thousand times.
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1000);
        Assert.Equal(thread, Environment.CurrentManagedThreadId);
    }

    [Fact] // Who doubts an answer asks the servers again, however long it may be kept
    public async Task Forget_Answer_IsAskedAgainAndSaysWhenItCame()
    {
        await using var lab = ResolverLab.Start();
        lab.Zone.AddMx("example.net", 10, "mx.example.net").AddA("example.net", "192.0.2.1");
        var first = await lab.AskAsync("example.net", DnsRecordType.Mx);
        var address = await lab.AskAsync("example.net", DnsRecordType.A);
        lab.Clock.Advance(TimeSpan.FromSeconds(10));
        lab.Get<IDnsCache>().Forget(ResolverLab.Name("example.net"), DnsRecordType.Mx);

        var second = await lab.AskAsync("example.net", DnsRecordType.Mx);

        Assert.Equal(TimeSpan.FromSeconds(10).Ticks, second.ReceivedAt - first.ReceivedAt);
        Assert.Same(address, await lab.AskAsync("example.net", DnsRecordType.A));
        Assert.Equal(2, lab.Server.Queries.Count("example.net", LabDnsType.Mx));
    }

    [Fact]
    public void Cache_Full_DropsWhatExpiresFirstAndStaysBounded()
    {
        var cache = new AnswerCache(Options.Create(new DnsOptions { CacheSize = 100 }), new ManualClock());
        for (var i = 1; i <= 1000; i++)
        {
            cache.Put(Question(i), Answer(TimeSpan.FromSeconds(i), [1]));
            Assert.InRange(cache.Size, 1, 100);
        }

        Assert.False(cache.TryGet(Question(1), out _));
        Assert.True(cache.TryGet(Question(1000), out _));
    }

    [Fact]
    public void Cache_LongData_WeighMore()
    {
        var cache = new AnswerCache(Options.Create(new DnsOptions { CacheSize = 100 }), new ManualClock());

        cache.Put(Question(1), Answer(TimeSpan.FromMinutes(1), new byte[10_000]));
        Assert.InRange(cache.Size, 39, 41);
        cache.Put(Question(1), Answer(TimeSpan.FromMinutes(1), [1]));
        Assert.Equal(1, cache.Size);
        cache.Put(Question(2), Answer(TimeSpan.FromMinutes(1), new byte[60_000]));
        Assert.False(cache.TryGet(Question(2), out _));
    }

    [Fact]
    public async Task Query_CacheTurnedOff_IsAskedEachTime()
    {
        await using var lab = ResolverLab.Start(("Dns:CacheSize", "0"));
        lab.Zone.AddA("mx.example", "192.0.2.1");

        await lab.AskAsync("mx.example", DnsRecordType.A);
        await lab.AskAsync("mx.example", DnsRecordType.A);

        Assert.Equal(2, lab.Server.Queries.All.Count);
    }

    private static async Task AssertAskedAgainAfterAsync(ResolverLab lab, string name, TimeSpan kept)
    {
        lab.Server.Queries.Clear();
        var answer = await lab.AskAsync(name, DnsRecordType.A);
        Assert.Equal(kept, answer.TimeToLive);

        lab.Clock.Advance(kept - TimeSpan.FromTicks(1));
        Assert.Same(answer, await lab.AskAsync(name, DnsRecordType.A));
        Assert.Single(lab.Server.Queries.All);

        lab.Clock.Advance(TimeSpan.FromTicks(1));
        Assert.NotSame(answer, await lab.AskAsync(name, DnsRecordType.A));
        Assert.Equal(2, lab.Server.Queries.All.Count);
    }

    private static DnsQuestion Question(int i) =>
        new(ResolverLab.Name("n" + i.ToString(CultureInfo.InvariantCulture)), DnsRecordType.Txt);

    private static DnsAnswer Answer(TimeSpan ttl, byte[] text) =>
        new(DnsStatus.Answered, default, [new DnsRecord.Text(default, ttl, [text])], IsAuthenticated: false, ttl, string.Empty);
}
