using Relay.Mail;
using Relay.MtaSts.Stores;
using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests.Stores;

/// <summary>The file of names: whatever stands in it, what is whole is read, and it does not grow without end.</summary>
public sealed class KnownPoliciesTests : IDisposable
{
    private static readonly DateTimeOffset End = new(2026, 12, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly string _directory = Directory.CreateTempSubdirectory("relay-known-").FullName;

    private string FileName => Path.Combine(_directory, "policies.known");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Load_CutAtEveryOctet_KnowsEveryLineThatIsWhole()
    {
        Write(3);
        var octets = File.ReadAllBytes(FileName);
        for (var length = 0; length <= octets.Length; length++)
        {
            File.WriteAllBytes(FileName, octets[..length]);
            using var known = Loaded();
            var lines = octets[..length].Count(octet => octet == '\n');
            Assert.Equal((Math.Max(lines - 1, 0), lines > 0), (known.CountAfter(End), known.IsWhole));
        }
    }

    [Fact]
    public void Load_AnyOctetChanged_CostsOneLineOrTwo()
    {
        Write(4);
        var octets = File.ReadAllBytes(FileName);
        for (var at = 0; at < octets.Length - 1; at++)
        {
            var damaged = octets.ToArray();
            damaged[at] ^= 0x15;
            File.WriteAllBytes(FileName, damaged);
            using var known = Loaded();
            Assert.False(known.IsWhole);
            Assert.InRange(known.CountAfter(End), octets[at] == '\n' || damaged[at] == '\n' ? 2 : 3, 4);
        }
    }

    [Theory]
    [InlineData(1_000)]
    [InlineData(100_000)]
    [InlineData(1_000_000)]
    public void Load_GarbageWithoutAnEnd_KnowsWhatFollows(int octets)
    {
        Write(1);
        File.AppendAllText(FileName, new string('x', octets) + "\n");
        using (var known = Loaded())
        {
            known.Note(Name("after.test"), End, isFirst: true);
        }

        using var again = Loaded();
        Assert.False(again.IsWhole);
        Assert.Equal(2, again.CountAfter(End));
    }

    [Fact] // A tail of zeros, as some file systems leave it, does not spoil the next line
    public void Note_AfterATornTail_IsWhole()
    {
        Write(1);
        File.AppendAllText(FileName, "+ torn" + new string('\0', 50));
        using (var known = Loaded())
        {
            known.Note(Name("after.test"), End, isFirst: true);
        }

        using var again = Loaded();
        Assert.Equal(End, again.EndOf(Name("after.test")));
    }

    [Fact]
    public void Note_LastLineOfADomainCounts()
    {
        using (var known = Loaded())
        {
            known.Note(Name("a.test"), End, isFirst: true);
            known.Note(Name("a.test"), End.AddDays(1), isFirst: false);
            known.Note(Name("b.test"), End, isFirst: true);
            known.Forget(Name("b.test"));
        }

        using var again = Loaded();
        Assert.Equal((End.AddDays(1), null), (again.EndOf(Name("a.test")), again.EndOf(Name("b.test"))));
    }

    [Fact]
    public void Compact_GrownToTwice_KeepsTheLastLinesOfWhatHasNotEnded()
    {
        using (var known = Loaded())
        {
            known.Pair("store", DateTimeOffset.UnixEpoch);
            for (var number = 0; number < 50_000; number++)
            {
                known.Note(Name($"d{number % 100}.test"), End.AddSeconds(number), isFirst: false);
            }

            known.Note(Name("ended.test"), End.AddDays(-1), isFirst: false);
            known.Forget(Name("d7.test"));
            known.Compact(End);
            Assert.InRange(new FileInfo(FileName).Length, 1_000, 10_000);
            known.Note(Name("later.test"), End, isFirst: true);
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(FileName));
        Assert.False(File.Exists(FileName + ".new"));
        using var again = Loaded();
        Assert.Equal(("store", true, 100), (again.Identity, again.IsWhole, again.CountAfter(DateTimeOffset.UnixEpoch)));
        Assert.Equal((End.AddSeconds(49_999), null), (again.EndOf(Name("d99.test")), again.EndOf(Name("d7.test"))));
    }

    [Fact] // A command's
    public void ReadOnly_Writes_Nothing()
    {
        using var known = new KnownPolicies(FileName) { IsReadOnly = true };
        known.Load();
        known.Note(Name("a.test"), End, isFirst: true);
        known.Unpair();
        Assert.Empty(Directory.GetFiles(_directory));
    }

    private static DomainName Name(string text) => StsLab.Name(text);

    private void Write(int domains)
    {
        using var known = Loaded();
        for (var number = 0; number < domains; number++)
        {
            known.Note(Name($"d{number}.test"), End, isFirst: true);
        }
    }

    private KnownPolicies Loaded()
    {
        var known = new KnownPolicies(FileName);
        known.Load();
        return known;
    }
}
