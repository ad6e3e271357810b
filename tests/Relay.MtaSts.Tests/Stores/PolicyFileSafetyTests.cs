using System.Text;
using Microsoft.Data.Sqlite;
using Relay.MtaSts.Cache;
using Relay.MtaSts.Policies;
using Relay.MtaSts.Stores;
using Relay.MtaSts.Tests.Lab;
using Relay.Sqlite;

namespace Relay.MtaSts.Tests.Stores;

/// <summary>Who may do what to the files: other versions, commands, rescues that do not get to their end.</summary>
public sealed class PolicyFileSafetyTests
{
    private const string Domain = "example.test";

    private static readonly string Enforce = StsLab.Policy("enforce", 604_800, "mx.example.test");

    [Theory] // STS-49: a downgrade forgets nothing, it says which version is needed
    [InlineData("policies.db")]
    [InlineData("policies.known")]
    public async Task Start_FileOfANewerVersion_IsRefusedAndLeftAsItIs(string file)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        MakeNewer(lab, file);
        var newer = await File.ReadAllBytesAsync(Path.Combine(lab.DataDirectory, file), StsLab.Token);
        var refusal = await Assert.ThrowsAsync<IOException>(() => lab.Opening.StartAsync(StsLab.Token));
        Assert.Contains("version 99, but this relay knows version 1", refusal.Message, StringComparison.Ordinal);

        // Nor does it fare worse with a program that does not ask at the start.
        lab.Dns.Zone.Clear();
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        await lab.RestartAsync();
        Assert.Equal(newer, await File.ReadAllBytesAsync(Path.Combine(lab.DataDirectory, file), StsLab.Token));
        Assert.Empty(Directory.GetFileSystemEntries(lab.DataDirectory, "*.corrupt-*"));
    }

    [Theory] // relay sts query, as root, with no relay running: it reads, and what it finds stays as it was and whose it was
    [InlineData("sound")]
    [InlineData("newer")]
    [InlineData("zeros-in-front")]
    [InlineData("length-0")]
    [InlineData("directory")]
    [InlineData("gone")]
    [InlineData("garbage")]
    public async Task ReadOnly_WhateverItFinds_ChangesNothing(string state)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        if (state == "newer")
        {
            MakeNewer(lab, "policies.db");
        }
        else if (state != "sound")
        {
            PolicyFiles.Damage(lab, state);
        }

        lab.Dns.Zone.Clear();
        var before = PolicyFiles.Contents(lab.DataDirectory);
        var decision = await lab.AskReadingOnlyAsync(Domain);
        Assert.Equal(before, PolicyFiles.Contents(lab.DataDirectory));
        Assert.True(state == "sound" ? decision is PolicyDecision.Applies : decision is PolicyDecision.Unknown);
    }

    [Fact] // Nor in an empty directory
    public async Task ReadOnly_NothingThere_MakesNothing()
    {
        await using var lab = StsLab.Start();
        var before = PolicyFiles.Contents(lab.DataDirectory);
        Assert.IsType<PolicyDecision.NoPolicy>(await lab.AskReadingOnlyAsync(Domain));
        lab.Publish(Domain, "1", Enforce);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskReadingOnlyAsync(Domain)).Mode);
        Assert.Equal(before, PolicyFiles.Contents(lab.DataDirectory));
    }

    [Theory] // Beside a running relay, and over what a killed one left: what was committed lies in the log alone
    [InlineData(true)]
    [InlineData(false)]
    public async Task ReadOnly_StoreWithALog_ReadsItAndChangesNothing(bool isRunning)
    {
        await using var lab = await WithPolicyAsync();
        var directory = isRunning ? lab.DataDirectory : Copy(lab, "killed");
        lab.Dns.Zone.Clear();
        var before = PolicyFiles.Contents(directory);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskReadingOnlyAsync(Domain, directory)).Mode);

        // In one process SQLite shares one index among all that have the file open, and one of them may write to it.
        Assert.Equal(before.Where(IsNoIndex), PolicyFiles.Contents(directory).Where(IsNoIndex));
        Assert.Equal(before.Count, PolicyFiles.Contents(directory).Count);
        bool IsNoIndex(string line) => !isRunning || !line.Contains("-shm ", StringComparison.Ordinal);
    }

    [Fact] // A rescue that finds no room is told of; the damaged file stays, and what it holds is there when there is room
    public async Task Rescue_CannotBeWritten_LeavesAllAsItIsAndIsTriedAgain()
    {
        await using var lab = await WithPolicyAsync();
        await DamageIndexAsync(lab);
        lab.Dns.Zone.Clear();
        Directory.CreateDirectory(lab.DatabaseFile + ".rescue");
        Assert.IsType<PolicyDecision.Unknown>(await lab.AskAsync(Domain));
        Assert.Contains(lab.Log.Named("policy-store-failed"), line => line.Fields["Text"]!.Contains("could not be saved", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFileSystemEntries(lab.DataDirectory, "*.corrupt-*"));

        Directory.Delete(lab.DatabaseFile + ".rescue");
        lab.LetTtlPass();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        Assert.Single(lab.Log.Named("policy-store-set-aside"));
        Assert.Single(Directory.GetFiles(lab.DataDirectory, "*.corrupt-*"), file => file[^1] == 'Z');
    }

    [Fact] // A disk that fills up in the middle: the rows copied so far are no store
    public async Task Rescue_DiskFillsUp_LeavesAllAsItIsAndSaysSo()
    {
        using var disk = SmallDisk.Mount(32);
        await using var lab = StsLab.Start(("Relay:DataDirectory", disk.Path));
        lab.Publish(Domain, "1", Enforce);
        await lab.AskAsync(Domain);
        await lab.RestartAsync();
        var file = Path.Combine(disk.Path, "policies.db");
        PolicyFiles.Execute(file, """
            WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 12000)
            INSERT INTO policy SELECT 'd' || i || '.test', id, text, fetched_at, expires_at, refresh_at, used_at FROM n, policy;
            PRAGMA wal_checkpoint(TRUNCATE);
            """);
        DamageIndex(file);
        await using (var filler = File.Create(Path.Combine(disk.Path, "filler")))
        {
            filler.SetLength(new DriveInfo(disk.Path).AvailableFreeSpace - (512 * 1024));
            for (var page = 0L; page < filler.Length; page += 4096)
            {
                filler.Position = page;
                filler.WriteByte(1);
            }
        }

        lab.Dns.Zone.Clear();
        await lab.AskAsync("d11000.test");
        Assert.Contains(lab.Log.Named("policy-store-failed"), line => line.Fields["Text"]!.Contains("could not be saved", StringComparison.Ordinal));
        Assert.Empty(Directory.GetFiles(disk.Path, "*.corrupt-*"));
        Assert.Empty(Directory.GetFiles(disk.Path, "*.rescue*"));

        disk.Grow(128);
        lab.LetTtlPass();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync("d1.test")).Mode);
        Assert.Equal("12001", Assert.Single(lab.Log.Named("policy-store-rescued")).Fields["Policies"]);
    }

    [Theory] // The relay was killed between the renames
    [InlineData(true)]
    [InlineData(false)]
    public async Task Rescue_KilledBeforeItsRenames_IsFinishedAtTheStart(bool isMoved)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        File.Copy(lab.DatabaseFile, lab.DatabaseFile + ".rescued");
        if (isMoved)
        {
            File.Move(lab.DatabaseFile, lab.DatabaseFile + ".corrupt-20261122T120000000Z");
        }
        else
        {
            PolicyFiles.Damage(lab, "garbage");
        }

        lab.Dns.Zone.Clear();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        Assert.False(File.Exists(lab.DatabaseFile + ".rescued"));
    }

    [Theory] // An earlier relay moved the file first and was killed before it had read it
    [InlineData("gone")]
    [InlineData("length-0")]
    [InlineData("rows-gone")]
    public async Task Rescue_SetAsideAndNeverRead_IsMadeAtTheStart(string left)
    {
        await using var lab = await WithPolicyAsync();
        await lab.RestartAsync();
        File.Copy(lab.DatabaseFile, lab.DatabaseFile + ".corrupt-20261122T120000000Z");
        PolicyFiles.Damage(lab, left);
        lab.Dns.Zone.Clear();
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
    }

    [Fact] // The runtime's own call takes this for a success
    public void Flush_DiskDoesNotSaySo_Throws()
    {
        using var file = new FileStream("/dev/null", FileMode.Open, FileAccess.Write);
        Assert.Throws<IOException>(() => StableStorage.Flush(file));
        Assert.Throws<IOException>(() => StableStorage.FlushDirectory("/nowhere/at/all"));
        StableStorage.FlushDirectory(Path.GetTempPath());
    }

    private static void MakeNewer(StsLab lab, string file)
    {
        if (file == "policies.db")
        {
            PolicyFiles.Execute(lab.DatabaseFile, "PRAGMA user_version = 99");
            return;
        }

        var lines = File.ReadAllBytes(lab.KnownFile);
        var rest = lines.AsSpan()[(lines.AsSpan().IndexOf((byte)'\n') + 1)..];
        File.WriteAllBytes(lab.KnownFile, [.. KnownLine.Format(KnownLine.Header, "other", 99), .. rest]);
    }

    private static string Copy(StsLab lab, string name)
    {
        var copy = Directory.CreateDirectory(Path.Combine(lab.DataDirectory, name)).FullName;
        foreach (var file in Directory.GetFiles(lab.DataDirectory, "policies.*"))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        }

        return copy;
    }

    private static async Task<StsLab> WithPolicyAsync()
    {
        var lab = StsLab.Start();
        lab.Publish(Domain, "1", Enforce);
        Assert.Equal(PolicyMode.Enforce, (await lab.AskAsync(Domain)).Mode);
        return lab;
    }

    private static async Task DamageIndexAsync(StsLab lab)
    {
        await lab.RestartAsync();
        PolicyFiles.Execute(lab.DatabaseFile, "PRAGMA wal_checkpoint(TRUNCATE)");
        DamageIndex(lab.DatabaseFile);
    }

    // The rows are whole; what leads to them is not.
    private static void DamageIndex(string file)
    {
        long root;
        using (var connection = new SqliteConnection($"Data Source={file};Pooling=False;Mode=ReadOnly"))
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText = "SELECT rootpage FROM sqlite_schema WHERE name = 'sqlite_autoindex_policy_1'";
            root = (long)command.ExecuteScalar()!;
        }

        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.Position = (root - 1) * 4096;
        stream.Write(Encoding.ASCII.GetBytes(new string('x', 4096)));
    }
}
