using System.Text;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Cache;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Stores;

public sealed class PolicyStoreTests
{
    private const string Domain = "example.test";

    // SQLite's own.
    private const int PageSize = 4096;

    private static readonly string Enforce = StsLab.Policy("enforce", 604_800, "mx.example.test");

    [Fact] // STS-49, RFC 8461 §10.2
    public async Task Store_AfterRestart_EnforcesWithDnsAndWebDown()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        var before = Assert.IsType<PolicyDecision.Applies>(await lab.AskAsync(Domain)).Policy;
        PolicyCacheTests.Break(lab, "txt-servfail");
        lab.Dns.Zone.Clear();
        await lab.RestartAsync();
        var after = Assert.IsType<PolicyDecision.Applies>(await lab.AskAsync(Domain)).Policy;
        Assert.Equal((before.Id, before.Policy.Text, before.FetchedAt), (after.Id, after.Policy.Text, after.FetchedAt));
    }

    [Fact] // STS-49: the process dies between any two steps; a copy of the files at that moment is what is left
    public async Task Store_KilledAfterAnyStep_HoldsTheOldPolicyOrTheNew()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        await lab.AskAsync(Domain);
        var copies = new List<string> { CopyFiles(lab, "after-first") };
        lab.Publish(Domain, "2", StsLab.Policy("enforce", 604_800, "mx2.example.test"));
        lab.LetTtlPass();
        copies.Add(CopyFiles(lab, "before-second"));
        await lab.AskAsync(Domain);
        copies.Add(CopyFiles(lab, "after-second"));
        var ids = new List<string?>();
        foreach (var copy in copies)
        {
            await using var survivor = StsLab.Start(("Relay:DataDirectory", copy));
            ids.Add((await survivor.Cache.FindAsync(StsLab.Name(Domain), StsLab.Token))?.Id);
            Assert.Equal(PolicyMode.Enforce, (await survivor.AskAsync(Domain)).Mode);
        }

        Assert.Equal(["1", "1", "2"], ids);
    }

    [Theory] // STS-49: the tail of the log was never written
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public async Task Store_LogCutOff_HoldsAWholePolicyOrNone(double kept)
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        var copy = CopyFiles(lab, "cut");
        var log = Path.Combine(copy, "policies.db-wal");
        var octets = await File.ReadAllBytesAsync(log, StsLab.Token);
        await File.WriteAllBytesAsync(log, octets[..(int)(octets.Length * kept)], StsLab.Token);
        await using var survivor = StsLab.Start(("Relay:DataDirectory", copy));
        var policy = await survivor.Cache.FindAsync(StsLab.Name(Domain), StsLab.Token);
        Assert.True(policy is null || policy.Policy.Text == Enforce);

        // Its record hidden: whatever the log has lost, mail waits.
        Assert.True(await survivor.AskAsync(Domain) is PolicyDecision.Unknown or PolicyDecision.Applies { Mode: PolicyMode.Enforce });
        survivor.Publish(Domain, "1", Enforce);
        survivor.LetTtlPass();
        Assert.Equal(PolicyMode.Enforce, (await survivor.AskAsync(Domain)).Mode);
    }

    [Theory] // RFC 8461 §10.2 in our words: a broken store costs memory of policies, never mail
    [InlineData("garbage")]
    [InlineData("damaged-page")]
    public async Task Store_Corrupt_IsSetAsideReportedAndRebuilt(string damage)
    {
        await using var lab = StsLab.Start();
        await DamageAsync(lab, damage);
        await lab.RestartAsync();
        lab.Publish(Domain, "1", Enforce);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        Assert.Single(lab.Log.Named("policy-store-set-aside"));
        Assert.NotEmpty(Directory.GetFiles(lab.DataDirectory, "policies.db.corrupt-*"));
        await lab.RestartAsync();
        Assert.NotNull(await lab.Cache.FindAsync(StsLab.Name(Domain), StsLab.Token));
    }

    [Fact] // Promise 2, RFC 8461 §10.2: one damaged page costs the policies on it, not those of everybody else
    public async Task Store_PageDamaged_PoliciesOnOtherPagesAreKept()
    {
        const int Policies = 2_000;
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        await lab.RestartAsync();
        Execute(lab, $"""
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {Policies})
            INSERT INTO policy SELECT 'd' || i || '.test', id, text, fetched_at, expires_at, refresh_at, used_at FROM n, policy;
            PRAGMA wal_checkpoint(TRUNCATE);
            """);
        var octets = await File.ReadAllBytesAsync(lab.DatabaseFile, StsLab.Token);
        octets.AsSpan(LeafOf(octets, "d1000.test"), PageSize).Fill(0xA5);
        await File.WriteAllBytesAsync(lab.DatabaseFile, octets, StsLab.Token);

        // Its record hidden, mail to a domain whose policy is on another page goes by it all the same.
        lab.Dns.Zone.Clear();
        await lab.AskAsync("d1000.test");
        var (before, after) = (await lab.AskAsync("d1.test"), await lab.AskAsync($"d{Policies}.test"));

        Assert.Equal((PolicyMode.Enforce, PolicyMode.Enforce), (before.Mode, after.Mode));
        var line = Assert.Single(lab.Log.Named("policy-store-rescued"));
        Assert.InRange(int.Parse(line.Fields["Policies"]!, System.Globalization.CultureInfo.InvariantCulture), Policies - 100, Policies);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // Promise 2: what memory still has of a store that was begun anew is written again
    public async Task Store_RowIsGone_PolicyInUseIsWrittenAgain()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        Execute(lab, "DELETE FROM policy");
        lab.Clock.Advance(TimeSpan.FromDays(1.5));
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        lab.Dns.Zone.Clear();
        await lab.RestartAsync();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // A store that fails to write is logged, and the fresh policy used.
    public async Task Store_CannotBeOpened_FreshPolicyIsUsed()
    {
        await using var lab = StsLab.Start();
        Directory.CreateDirectory(lab.DatabaseFile);
        lab.Publish(Domain, "1", Enforce);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        Assert.NotEmpty(lab.Log.Named("policy-store-failed"));
    }

    [Fact] // STS-49, RFC 8461 §10.2: the policy is in a store that cannot be read, and its record is hidden: nothing goes without it
    public async Task Store_UnreadableAndRecordHidden_MailWaitsAndThePolicyIsBackWithTheStore()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        await lab.RestartAsync();
        lab.Dns.Zone.Clear();
        var aside = lab.DatabaseFile + ".aside";
        File.Move(lab.DatabaseFile, aside);
        Directory.CreateDirectory(lab.DatabaseFile);
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));

        Directory.Delete(lab.DatabaseFile);
        File.Move(aside, lab.DatabaseFile);
        lab.LetTtlPass();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // A store that stays out of order delays mail to a domain once, it does not stop it
    public async Task Store_UnreadableForLong_MailGoesWhenPatienceEnds()
    {
        await using var lab = StsLab.Start();
        Directory.CreateDirectory(lab.DatabaseFile);
        var unknown = Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        Assert.Equal(lab.Clock.GetUtcNow() + TimeSpan.FromMinutes(15), unknown.Until);

        lab.Clock.Advance(TimeSpan.FromMinutes(16));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
    }

    [Fact] // Trust on first use: a policy that could not be written is written when the store is back, before a restart can forget it.
    public async Task Store_Back_PolicyFetchedMeanwhileIsWrittenByTheNextPass()
    {
        await using var lab = StsLab.Start();
        Directory.CreateDirectory(lab.DatabaseFile);
        lab.Publish(Domain, "1", Enforce);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);

        Directory.Delete(lab.DatabaseFile);
        await lab.Refresher.PassAsync(StsLab.Token);
        await lab.RestartAsync();
        PolicyCacheTests.Break(lab, "all-gone");
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // Times are wall-clock in the store: a fetch time from the future gives no longer life.
    public async Task Store_FetchTimeInTheFuture_IsClamped()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow() - TimeSpan.FromDays(300));
        await lab.RestartAsync();
        PolicyCacheTests.Break(lab, "all-gone");
        var policy = Assert.IsType<PolicyDecision.Applies>(await lab.AskAsync(Domain)).Policy;
        Assert.Equal(lab.Clock.GetUtcNow(), policy.FetchedAt);
    }

    [Fact] // A wall clock set wrong while the relay runs ends no policy.
    public async Task Memory_WallClockJumps_KeepsThePolicy()
    {
        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        PolicyCacheTests.Break(lab, "all-gone");
        lab.Clock.SetUtcNow(lab.Clock.GetUtcNow() + TimeSpan.FromDays(3_000));
        lab.LetTtlPass();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // Policies tell whom we write to.
    public async Task Store_Files_AreForTheOwnerAlone()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        await using var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        foreach (var file in Directory.GetFiles(lab.DataDirectory, "policies.*"))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    private static string CopyFiles(StsLab lab, string name)
    {
        var copy = Directory.CreateDirectory(Path.Combine(lab.DataDirectory, name)).FullName;
        foreach (var file in Directory.GetFiles(lab.DataDirectory, "policies.*"))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    private static void Execute(StsLab lab, string sql) => PolicyFiles.Execute(lab.DatabaseFile, sql);

    // Where the page begins that holds the policy's row: behind the name comes the id, not, as in the index, the next name.
    private static int LeafOf(byte[] octets, string domain)
    {
        var row = octets.AsSpan().IndexOf(Encoding.ASCII.GetBytes($"{domain}1version: "));
        Assert.True(row > 0);
        return row / PageSize * PageSize;
    }

    private static async Task DamageAsync(StsLab lab, string damage)
    {
        if (damage == "garbage")
        {
            await File.WriteAllTextAsync(lab.DatabaseFile, string.Concat(Enumerable.Repeat("no database ", 2_000)), StsLab.Token);
            return;
        }

        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        await lab.RestartAsync();
        var octets = await File.ReadAllBytesAsync(lab.DatabaseFile, StsLab.Token);
        octets.AsSpan(100).Fill(0xA5);
        await File.WriteAllBytesAsync(lab.DatabaseFile, octets, StsLab.Token);
    }
}
