using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Submission;

namespace Relay.Fuzz.Tests.Program;

/// <summary>Names and passwords, which anybody may try before he is known, and the file of accounts.</summary>
public sealed class CredentialFuzzTests : IDisposable
{
    private const string Hash = "pbkdf2-sha256 1000 AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    private static readonly byte[][] Seeds =
    [
        .. new[]
        {
            "ann", "JÖRG", "jo\u0308rg", "#ann", "a b", "\u00A0", "\uFFFE", "\uFFFF", "\u0958\u0958", "\u0130", "\u212A\u212B\u2126", "\u1E9E", "ﬁ", "\uD83D\uDD11ключ", "\u0345\u0308", "\u200B\u202E", "\uE000", "ǅ", "\u1100\u1161", "\0",
        }.Select(Grammar.Utf8),
    ];

    private static readonly byte[][] Tokens = [.. new[] { "\u0308", "\u0345", "\u0958", "\uFFFE", "\u00A0", "\u0130", "#", " ", "\0" }.Select(Grammar.Utf8), [0xC3], [0xED, 0xA0, 0x80]];

    // From every plane now and then, from where letters, marks and oddities stand mostly.
    private static readonly Gen<byte[]> Rune = Gen.Frequency(
            (6, Gen.Choose(0x21, 0x7E)), (4, Gen.Choose(0xA0, 0x5FF)), (2, Gen.Choose(0x300, 0x36F)), (2, Gen.Choose(0x900, 0xFFFF)), (1, Gen.Choose(0x10000, 0x10FFFF)))
        .Where(value => value is < 0xD800 or > 0xDFFF)
        .Select(value => Grammar.Utf8(new Rune(value).ToString()));

    private static readonly Gen<byte[]> Texts = Gen.Frequency((9, Grammar.Times(1, 12, Rune)), (1, Grammar.Times(80, 130, Rune)));

    private readonly string _file = Path.GetTempFileName();

    [Fact] // SUB-18, RFC 8265 §3.3: what is once prepared is not changed by being prepared again
    public void Name_OfAnyOctets_IsPreparedOnceAndForAll() =>
        FuzzRun.Of(new FuzzTarget("user-name", Seeds, Texts, ReadName) { Tokens = Tokens, MaxLength = 600, AllocationPerOctet = 256 });

    [Fact] // SUB-18, RFC 8265 §4.2
    public void Password_OfAnyOctets_IsPreparedOnceAndForAll() =>
        FuzzRun.Of(new FuzzTarget("password", Seeds, Texts, ReadPassword) { Tokens = Tokens, MaxLength = 1200, AllocationPerOctet = 256 });

    [Fact]
    public void AccountsFile_OfAnyOctets_IsReadWholeOrNotAtAll() => FuzzRun.Of(new FuzzTarget(
        "accounts-file",
        [.. new[] { $"# heading\nann {Hash}\nbob {Hash}\n", $"ann {Hash}\nann {Hash}\n", $"ann {Hash}", "ann", "\n\n", $"Ann {Hash}\n", $"ann  {Hash}\n", $"ann {Hash}\r\n" }.Select(Grammar.Utf8)],
        Grammar.Times(0, 4, Grammar.Row(
            Gen.Frequency((6, Grammar.Either(["ann", "bob", "#x", "j\u00C3\u00B6rg"], ["", " ", "Ann", "\u0000"])), (1, Rune)),
            Grammar.Of(" "), Grammar.Either(["pbkdf2-sha256 "], ["md5 ", ""]), Grammar.Either(["1000", "600000"], ["999", "10000001", "-1", "1e3", ""]),
            Grammar.Either([" AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="], [" AA AA", " A A", " AAAAAAAAAAAAAAAAAAAAAA== AAAA", ""]),
            Grammar.Either(["\n"], ["\r\n", ""]))),
        ReadFile)
    {
        Tokens = [.. Tokens, .. new[] { "\n", Hash, "pbkdf2-sha256 ", "=" }.Select(Grammar.Octets)],
        Allocation = 128 * 1024,
    });

    public void Dispose() => File.Delete(_file);

    private static Reading ReadName(byte[] octets)
    {
        var isName = CredentialText.TryReadName(octets, out var name);
        return new Reading(isName, () =>
        {
            if (isName)
            {
                PlainText.IsClean(name!.Replace("\uFFFD", string.Empty, StringComparison.Ordinal));
                Assert.False(name.StartsWith('#') || name.Any(char.IsWhiteSpace));
                Assert.True(CredentialText.TryReadName(name, out var again), "a name that the accounts file would not take");
                Assert.Equal(name, again);
            }
        });
    }

    private static Reading ReadPassword(byte[] octets)
    {
        var isPassword = CredentialText.TryReadPassword(octets, out var password);
        return new Reading(isPassword, () =>
        {
            if (isPassword && password!.Length <= CredentialText.MaxPasswordOctets)
            {
                Assert.True(CredentialText.TryReadPassword(password, out var again));
                Assert.Equal(password, again);
            }
        });
    }

    private Reading ReadFile(byte[] octets)
    {
        File.WriteAllBytes(_file, octets);
        var read = AccountsFile.Read(_file);
        return new Reading(read is AccountsFile.ReadResult.Found { Accounts.Count: > 0 }, () =>
        {
            Assert.IsNotType<AccountsFile.ReadResult.Missing>(read);
            if (read is AccountsFile.ReadResult.Found found)
            {
                var lines = Encoding.UTF8.GetString(octets).Split('\n').Count(line => line.Length > 0 && line[0] != '#');
                Assert.Equal(lines, found.Accounts.Count);
                Assert.All(found.Accounts.Keys, name => Assert.True(CredentialText.TryReadName(name, out var again) && again == name));
            }
        });
    }
}
