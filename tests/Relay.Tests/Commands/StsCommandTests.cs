using Relay.Lab.Dns;

namespace Relay.Tests.Commands;

/// <summary>The commands on a running relay's policies, and what they do where none runs.</summary>
public sealed class StsCommandTests
{
    private static readonly string[] RelayCommands = ["show", "refresh", "forget"];

    [Fact]
    public async Task Commands_OnARunningRelay_QueryListShowRefreshForget()
    {
        await using var lab = new StsLab();
        await using var relay = await lab.StartRelayAsync();

        var first = await lab.StsAsync("query", StsLab.Domain);
        Assert.Equal((0, string.Empty), (first.ExitCode, first.Error));
        Assert.StartsWith(
            "good.test: enforce\n  record   id=20261123\n  source   fetched now\n  id       20261123\n  mx       mx.good.test\n"
            + "  max_age  2592000 s\n",
            first.Output,
            StringComparison.Ordinal);
        var second = await lab.StsAsync("query", StsLab.Domain, "--json");
        Assert.Equal("remembered", second.Json.GetProperty("source").GetString());
        Assert.Equal("enforce", second.Json.GetProperty("mode").GetString());

        var list = await lab.StsAsync("list");
        Assert.Equal(0, list.ExitCode);
        Assert.Matches(@"good\.test +│? *enforce +│? *20261123 .* mx\.good\.test", list.Output);
        Assert.Equal(StsLab.Policy, (await lab.StsAsync("show", StsLab.Domain, "--json")).Json.GetProperty("text").GetString());

        lab.Serve(StsLab.Policy.Replace("enforce", "testing", StringComparison.Ordinal));
        var refreshed = await lab.StsAsync("refresh", "GOOD.test.");
        Assert.Equal((0, string.Empty), (refreshed.ExitCode, refreshed.Error));
        Assert.StartsWith("good.test: testing\n", refreshed.Output, StringComparison.Ordinal);

        var forgotten = await lab.StsAsync("forget", StsLab.Domain, "--json");
        Assert.Equal((0, StsLab.Domain), (forgotten.ExitCode, forgotten.Json.GetProperty("domain").GetString()));
        Assert.Equal(0, (await lab.StsAsync("list", "--json")).Json.GetArrayLength());
        Assert.Equal(1, (await lab.StsAsync("show", StsLab.Domain)).ExitCode);
        Assert.Equal(1, (await lab.StsAsync("forget", StsLab.Domain)).ExitCode);
    }

    [Fact] // STS-23, RFC 8461 §3.2: extension values may hold any UTF-8
    public async Task Show_HostilePolicyText_IsEscapedInJson()
    {
        await using var lab = new StsLab();
        await using var relay = await lab.StartRelayAsync();
        var text = StsLab.Policy + "note: \u202e\u0085\u200b\ud83d\ude00\n";
        lab.Serve(text);
        await lab.StsAsync("query", StsLab.Domain);
        var shown = await lab.StsAsync("show", StsLab.Domain, "--json");
        Assert.Equal(text, shown.Json.GetProperty("text").GetString());
        Assert.True(System.Text.Ascii.IsValid(shown.Output), shown.Output);
    }

    [Fact] // STS-40, RFC 8461 §3.3
    public async Task Refresh_WhenThePolicyCannotBeFetched_SaysThatTheOldOneStays()
    {
        await using var lab = new StsLab();
        await using var relay = await lab.StartRelayAsync();
        await lab.StsAsync("query", StsLab.Domain);
        lab.Serve(script => script with { Status = 500 });
        var run = await lab.StsAsync("refresh", StsLab.Domain);
        Assert.Equal(1, run.ExitCode);
        Assert.StartsWith("good.test: enforce\n", run.Output, StringComparison.Ordinal);
        Assert.Contains("The one remembered stays.", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Socket_OfARunningRelay_IsItsOwnersAlone()
    {
        await using var lab = new StsLab();
        await using var relay = await lab.StartRelayAsync();
        Assert.Equal(
            UnixFileMode.UserRead | UnixFileMode.UserWrite,
            File.GetUnixFileMode(Path.Combine(lab.Internet.DataDirectory, "admin.sock")));
    }

    [Fact]
    public async Task List_MoreThanOnePage_ListsEachOnceInOrder()
    {
        const int Count = 1_001;
        await using var lab = new StsLab();
        await using (var relay = await lab.StartRelayAsync())
        {
            await lab.StsAsync("query", StsLab.Domain);
        }

        PolicyFile.Copy(Path.Combine(lab.Internet.DataDirectory, "policies.db"), StsLab.Domain, Count - 1);
        await using var again = await lab.StartRelayAsync();
        var names = (await lab.StsAsync("list", "--json")).Json.EnumerateArray()
            .Select(policy => policy.GetProperty("domain").GetString()!).ToList();
        Assert.Equal(Count, names.Count);
        Assert.Equal(names.Distinct().Order(StringComparer.Ordinal), names);
    }

    [Fact]
    public async Task Commands_WithoutARelay_SayItIsNotReachable()
    {
        await using var lab = new StsLab();
        foreach (var command in RelayCommands)
        {
            Assert.Equal(3, (await lab.StsAsync(command, StsLab.Domain)).ExitCode);
        }

        var list = await lab.StsAsync("list", "--json");
        Assert.Equal((3, string.Empty), (list.ExitCode, list.Output));
        Assert.Contains("No relay answers", list.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Commands_OnNoDomain_AreWrongUsage()
    {
        await using var lab = new StsLab();
        foreach (var command in (string[])["query", .. RelayCommands])
        {
            var run = await lab.StsAsync(command, "ann@good.test");
            Assert.Equal((2, string.Empty), (run.ExitCode, run.Output));
            Assert.Contains("is not a domain name", run.Error, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Query_WithoutARelay_DecidesByItselfAndLeavesNoTrace()
    {
        await using var lab = new StsLab();
        var before = Directory.GetFiles(lab.Internet.DataDirectory);
        var run = await lab.StsAsync("query", StsLab.Domain, "--json");
        Assert.Equal((0, string.Empty), (run.ExitCode, run.Error));
        Assert.Equal("fetched-now", run.Json.GetProperty("source").GetString());
        Assert.Equal(before, Directory.GetFiles(lab.Internet.DataDirectory));
    }

    [Fact] // STS-49, STS-72, RFC 8461 §10.2
    public async Task Query_WithoutARelay_UsesWhatTheRelayRemembered()
    {
        await using var lab = new StsLab();
        await using (var relay = await lab.StartRelayAsync())
        {
            await lab.StsAsync("query", StsLab.Domain);
        }

        lab.Dns.Zone.Remove($"_mta-sts.{StsLab.Domain}");
        var run = await lab.StsAsync("query", StsLab.Domain, "--json");
        Assert.Equal((0, "remembered", "none"), (
            run.ExitCode, run.Json.GetProperty("source").GetString(), run.Json.GetProperty("record").GetString()));
    }

    [Fact]
    public async Task Query_NoPolicy_SaysWhetherRecordFetchOrDnsIsTheReason()
    {
        await using var lab = new StsLab();
        lab.Serve(script => script with { Status = 404 });
        await SaysAsync("good.test: no policy, for it cannot be fetched (relay sts check good.test tells why)\n  record   id=20261123\n");
        lab.Dns.Zone.Remove($"_mta-sts.{StsLab.Domain}");
        await SaysAsync("good.test: no policy; TLS is used where the MX offers it\n  record   none\n");
        lab.Dns.SetFault($"_mta-sts.{StsLab.Domain}", LabDnsType.Txt, new LabDnsFault.Code(2));
        await SaysAsync("good.test: unknown; mail waits until ");
        lab.Settings.Add(("MtaSts:Enabled", "false"));
        await SaysAsync("good.test: no policy: MTA-STS is switched off (MtaSts:Enabled)\n");

        async Task SaysAsync(string beginning)
        {
            var run = await lab.StsAsync("query", StsLab.Domain);
            Assert.Equal((1, string.Empty), (run.ExitCode, run.Error));
            Assert.StartsWith(beginning, run.Output, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Testing", 0, "good.test: testing\n  override Testing until 2199-01-01T00:00:00Z (MtaSts:Domains); the policy says enforce\n")]
    [InlineData("Off", 1, "good.test: no policy, for an override says so; TLS is used where the MX offers it\n  override Off until 2199-01-01T00:00:00Z")]
    public async Task Query_OverrideInForce_SaysThatItDecides(string mode, int exitCode, string beginning)
    {
        await using var lab = new StsLab();
        lab.Settings.AddRange(
            ("MtaSts:Domains:0:Domain", StsLab.Domain),
            ("MtaSts:Domains:0:Mode", mode),
            ("MtaSts:Domains:0:Until", "2199-01-01T00:00:00Z"));
        var run = await lab.StsAsync("query", StsLab.Domain);
        Assert.Equal((exitCode, string.Empty), (run.ExitCode, run.Error));
        Assert.StartsWith(beginning, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Query_OverrideThatHasEnded_IsNotMentioned()
    {
        await using var lab = new StsLab();
        lab.Settings.AddRange(
            ("MtaSts:Domains:0:Domain", StsLab.Domain),
            ("MtaSts:Domains:0:Mode", "Off"),
            ("MtaSts:Domains:0:Until", "2020-01-01T00:00:00Z"));
        var run = await lab.StsAsync("query", StsLab.Domain);
        Assert.StartsWith("good.test: enforce\n  record ", run.Output, StringComparison.Ordinal);
    }
}
