using Microsoft.Extensions.Logging;
using Relay.Delivery;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Cache;

/// <summary>Promise 2 after the loss of the store: record and policy host are hidden, and an attacker's host stands in DNS.</summary>
public sealed class PolicyLossTests
{
    private const string Domain = "example.test";
    private const string Unlisted = "mx.evil.test";
    private const int Week = 604_800;

    private static readonly string Enforce = StsLab.Policy("enforce", Week, "mx.example.test");
    private static readonly DeliveryStep GoodTls = Attempts.Transport(_ => (TlsSessionResult.Established, Attempts.Good, string.Empty));

    public static TheoryData<string> Damages => ["zeros-in-front", "length-0", "directory", "gone", "garbage", "rows-gone", "another"];

    [Theory] // STS-49, RFC 8461 §10.2
    [MemberData(nameof(Damages))]
    public async Task Store_Lost_MailToADomainUnderEnforceWaitsAndOthersGo(string damage)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        PolicyFiles.Damage(lab, damage);
        PolicyCacheTests.Break(lab, "all-gone");

        var attempt = await DeliverAsync(lab, Domain);
        Assert.Empty(attempt.Sessions);
        Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome);
        Assert.IsType<DeliveryOutcome.Delivered>((await DeliverAsync(lab, "other.test")).Recipients[0].Outcome);
    }

    [Theory] // STS-49: for as long as the policy would have stood, whatever restarts come between, and not after
    [InlineData("length-0")]
    [InlineData("directory")]
    [InlineData("gone")]
    [InlineData("garbage")]
    [InlineData("rows-gone")]
    [InlineData("another")]
    public async Task Store_Lost_DomainIsUnknownUntilItsPolicyWouldHaveEnded(string damage)
    {
        await using var lab = await WithPolicyAsync();
        var end = lab.Clock.GetUtcNow().AddSeconds(Week);
        await lab.RestartAsync();
        PolicyFiles.Damage(lab, damage);
        PolicyCacheTests.Break(lab, "all-gone");
        for (var day = 0; day < 6; day++)
        {
            lab.Clock.Advance(TimeSpan.FromDays(1));
            await lab.Refresher.PassAsync(StsLab.Token);
            Assert.Equal(end, Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain)).Until);
            await lab.RestartAsync();
        }

        lab.Clock.Advance(TimeSpan.FromDays(2));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
    }

    [Theory] // The pages behind a lost header are whole: their policies are kept, with a log and without
    [InlineData(true)]
    [InlineData(false)]
    public async Task Store_HeaderLost_PoliciesAreKept(bool hasLog)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        if (hasLog)
        {
            lab.Publish("second.test", "1", Enforce);
            await lab.AskAsync("second.test");
            var copy = Directory.CreateDirectory(Path.Combine(lab.DataDirectory, "killed")).FullName;
            foreach (var file in Directory.GetFiles(lab.DataDirectory, "policies.db*"))
            {
                File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
            }

            await lab.RestartAsync();
            foreach (var file in Directory.GetFiles(copy))
            {
                File.Copy(file, Path.Combine(lab.DataDirectory, Path.GetFileName(file)), overwrite: true);
            }
        }

        PolicyFiles.Damage(lab, "zeros-in-front");
        lab.Dns.Zone.Clear();
        lab.LetTtlPass();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        Assert.Equal(hasLog ? PolicyMode.Enforce : PolicyMode.None, (await lab.AskAsync("second.test")).Mode);

        // With a log the page that begins with the header is in it, and nobody notices.
        Assert.Equal(hasLog ? 0 : 1, lab.Log.Named("policy-store-set-aside").Count);
    }

    [Theory] // STS-49: an attacker who hides the record alone has won nothing, the policy is fetched all the same
    [MemberData(nameof(Damages))]
    public async Task Store_LostAndRecordHidden_PolicyIsFetchedAgain(string damage)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        PolicyFiles.Damage(lab, damage);
        lab.PublishRecord(Domain);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Theory] // A loss while the relay runs: damage is met by the next look
    [InlineData("zeros-in-front")]
    [InlineData("garbage")]
    public async Task Store_LostWhileRunning_DomainIsUnknown(string damage)
    {
        await using var lab = await WithPolicyAsync("busy.test");
        await lab.RestartAsync();
        await lab.AskAsync("first.test");
        PolicyFiles.Damage(lab, damage);
        PolicyCacheTests.Break(lab, "all-gone");
        for (var domain = 0; domain < 3; domain++)
        {
            await lab.AskAsync($"d{domain}.test");
        }

        Assert.True(await lab.AskAsync(Domain) is PolicyDecision.Unknown or PolicyDecision.Applies);
    }

    [Theory]
    [InlineData("length-0")]
    [InlineData("gone")]
    [InlineData("rows-gone")]
    public async Task Store_Emptied_IsAnError(string damage)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        PolicyFiles.Damage(lab, damage);
        await lab.Opening.StartAsync(StsLab.Token);
        var line = Assert.Single(lab.Log.Named("policy-store-empty"));
        Assert.Equal((LogLevel.Error, "1", null), (line.Level, line.Fields["Known"], line.Fields["CautionUntil"]));
    }

    [Theory] // STS-49: with both files lost nothing tells the domains apart; each waits for a second look
    [InlineData("length-0", "length-0")]
    [InlineData("length-0", "gone")]
    [InlineData("gone", "gone")]
    [InlineData("gone", "garbage")]
    [InlineData("garbage", "gone")]
    public async Task StoreAndNames_Lost_ForADayNoPolicyTakesTwoLooks(string damage, string known)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        PolicyFiles.Damage(lab, damage);
        DamageKnown(lab, known);
        PolicyCacheTests.Break(lab, "all-gone");
        var first = Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        Assert.Equal(lab.Clock.GetUtcNow().AddMinutes(15), first.Until);
        Assert.Equal(LogLevel.Error, Assert.Single(lab.Log.Named("policy-store-empty")).Level);
        lab.Clock.Advance(TimeSpan.FromMinutes(14));
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        lab.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));

        // A restart neither ends the day nor begins it anew.
        lab.Clock.Advance(TimeSpan.FromHours(20));
        await lab.RestartAsync();
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync("second.test"));
        lab.Clock.Advance(TimeSpan.FromHours(4));
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync("third.test"));
        await lab.RestartAsync();
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync("fourth.test"));
        Assert.Single(lab.Log.Named("policy-store-empty"));
    }

    [Fact] // A published policy is not held back by the caution
    public async Task StoreAndNames_Lost_PublishedPolicyAppliesAtOnce()
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        PolicyFiles.Damage(lab, "gone");
        DamageKnown(lab, "gone");
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // A first start is no loss
    public async Task Store_FirstStart_LooksUpAsEver()
    {
        await using var lab = StsLab.Start();
        await lab.Opening.StartAsync(StsLab.Token);
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        await lab.RestartAsync();
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
        Assert.DoesNotContain(lab.Log.All, line => line.Level >= LogLevel.Warning);
    }

    [Fact] // A relay that had no such file writes it from its store, and only what is in both counts as kept
    public async Task Names_OfAnOlderRelay_AreWrittenFromTheStore()
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        PolicyFiles.Execute(lab.DatabaseFile, "DROP TABLE setting");
        foreach (var file in Directory.GetFiles(lab.DataDirectory, "policies.known*"))
        {
            File.Delete(file);
        }

        await lab.Refresher.PassAsync(StsLab.Token);
        Assert.Empty(lab.Log.Named("policy-store-empty"));
        await lab.RestartAsync();
        PolicyFiles.Damage(lab, "gone");
        PolicyCacheTests.Break(lab, "all-gone");
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
    }

    [Theory] // What was meant to end is not missed
    [InlineData("forget")]
    [InlineData("none")]
    [InlineData("max-age-0")]
    public async Task Policy_EndedInGoodOrder_IsNotMissedAfterALoss(string end)
    {
        await using var lab = await WithPolicyAsync();
        switch (end)
        {
            case "forget":
                Assert.True(await lab.Cache.ForgetAsync(StsLab.Name(Domain), StsLab.Token));
                break;
            case "none":
                lab.Publish(Domain, "2", StsLab.Policy("none", Week));
                lab.LetTtlPass();
                Assert.Equal(PolicyMode.None, (await lab.AskAsync(Domain)).Mode);
                break;
            default:
                lab.Publish(Domain, "2", StsLab.Policy("enforce", 0, "mx.example.test"));
                lab.LetTtlPass();
                await lab.AskAsync(Domain);
                break;
        }

        await lab.RestartAsync();
        PolicyFiles.Damage(lab, "length-0");
        PolicyCacheTests.Break(lab, "all-gone");
        lab.LetTtlPass();
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskAsync(Domain));
    }

    [Fact] // The store fails while a policy is first seen, and the relay is killed: its name is in the file
    public async Task Policy_SeenWhileTheStoreFails_IsKnownAfterAKill()
    {
        await using var lab = await WithPolicyAsync("earlier.test");
        await lab.RestartAsync();
        await lab.AskAsync("earlier.test");
        PolicyFiles.Execute(
            lab.DatabaseFile, "CREATE TRIGGER fails BEFORE INSERT ON policy BEGIN SELECT RAISE(ABORT, 'out of order'); END");
        lab.Publish("new.test", "1", Enforce);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync("new.test")).Mode);
        await lab.RestartAsync();
        lab.Dns.Zone.Clear();
        lab.LetTtlPass();
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync("new.test"));
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync("earlier.test")).Mode);
    }

    [Theory] // A damaged line costs that line
    [InlineData("garbage in between\n")]
    [InlineData("+ example.test 1 00000000\n")]
    [InlineData("+ torn.te")]
    public async Task Names_LineDamaged_OthersAreKnown(string line)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        await File.AppendAllTextAsync(lab.KnownFile, line, StsLab.Token);
        lab.Publish("second.test", "1", Enforce);
        await lab.AskAsync("second.test");
        await lab.RestartAsync();
        PolicyFiles.Damage(lab, "length-0");
        lab.Dns.Zone.Clear();
        lab.LetTtlPass();
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync("second.test"));
    }

    [Fact] // The store serves without the file beside it
    public async Task Names_CannotBeRead_StoreServesAndTheFaultIsTold()
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        File.Delete(lab.KnownFile);
        Directory.CreateDirectory(lab.KnownFile);
        PolicyCacheTests.Break(lab, "all-gone");
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        lab.Publish("second.test", "1", Enforce);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync("second.test")).Mode);
        Assert.NotEmpty(lab.Log.Named("policy-store-failed"));

        Directory.Delete(lab.KnownFile);
        await lab.RestartAsync();
        await lab.Refresher.PassAsync(StsLab.Token);
        await lab.RestartAsync();
        PolicyFiles.Damage(lab, "gone");
        lab.Dns.Zone.Clear();
        lab.LetTtlPass();
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync("second.test"));
    }

    private static void DamageKnown(StsLab lab, string damage)
    {
        File.Delete(lab.KnownFile);
        if (damage != "gone")
        {
            File.WriteAllText(lab.KnownFile, damage == "garbage" ? string.Concat(Enumerable.Repeat("no name\n", 500)) : string.Empty);
        }
    }

    private static async Task<StsLab> WithPolicyAsync(params string[] others)
    {
        var lab = StsLab.Start();
        foreach (var domain in others.Append(Domain))
        {
            lab.Publish(domain, "1", Enforce);
            Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(domain)).Mode);
        }

        return lab;
    }

    private static async Task<DeliveryAttempt> DeliverAsync(StsLab lab, string domain)
    {
        var attempt = Attempts.To(domain, Unlisted);
        await lab.Middleware.InvokeAsync(attempt, GoodTls, StsLab.Token);
        return attempt;
    }
}
