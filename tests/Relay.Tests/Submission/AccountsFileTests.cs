using System.Text;
using Relay.Submission;

namespace Relay.Tests.Submission;

public sealed class AccountsFileTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-accounts").FullName;

    private string Path => System.IO.Path.Combine(_directory, "accounts");

    [Fact]
    public void Change_ThenRead_GivesTheAccountsBack()
    {
        Assert.IsType<AccountsFile.ReadResult.Missing>(AccountsFile.Read(Path));
        Add("jörg@corp.test", "secret");
        Add("ann", "other");
        var accounts = Assert.IsType<AccountsFile.ReadResult.Found>(AccountsFile.Read(Path)).Accounts;
        Assert.Equal(["ann", "jörg@corp.test"], accounts.Keys.Order(StringComparer.Ordinal));
        Assert.True(accounts["ann"].IsOf("other"u8));
        Assert.False(accounts["ann"].IsOf("secret"u8));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path));
        Assert.DoesNotContain("secret", File.ReadAllText(Path), StringComparison.Ordinal);
    }

    [Fact] // Two accounts with the same password do not show it.
    public void Hash_OfTheSamePassword_DiffersByItsSalt() =>
        Assert.NotEqual(PasswordHash.Of("x"u8, 1_000).ToString(), PasswordHash.Of("x"u8, 1_000).ToString());

    [Fact]
    public void Hash_OfANewAccount_CostsWhatItShould()
    {
        Assert.Equal(600_000, PasswordHash.Of("x"u8).Iterations);
        Assert.StartsWith("pbkdf2-sha256 600000 ", PasswordHash.Of("x"u8).ToString(), StringComparison.Ordinal);
    }

    [Fact] // RFC 8018 §5.2, against the value that Python's hashlib gives
    public void Hash_MadeElsewhere_IsUnderstood()
    {
        var hash = PasswordHash.Parse(
            ["pbkdf2-sha256", "1000", "c2l4dGVlbiBvY3RldHMhIQ==", "2RwAIREzyjPTuOswBOgBV3H2wrE6nZK3R5sm1Twl55E="]);
        Assert.True(hash!.IsOf("Pässword"u8));
        Assert.False(hash.IsOf("password"u8));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    public void Read_OpenToOthers_IsRefusedWithTheRemedy(UnixFileMode mode)
    {
        Add("ann", "secret");
        File.SetUnixFileMode(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | mode);
        var unusable = Assert.IsType<AccountsFile.ReadResult.Unusable>(AccountsFile.Read(Path));
        Assert.Contains($"chmod 600 {Path}", unusable.Reason, StringComparison.Ordinal);
        Assert.Contains("chmod 600", AccountsFile.Change(Path, _ => null), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ann")]
    [InlineData("ann secret")]
    [InlineData("ann pbkdf2-sha256 600000 AAAAAAAAAAAAAAAAAAAAAA== AAAA")]
    [InlineData("ann pbkdf2-sha256 1 AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("ann pbkdf2-sha256 99999999999 AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("ann md5 600000 AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("Ann pbkdf2-sha256 600000 AAAAAAAAAAAAAAAAAAAAAA== AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    [InlineData("ann pbkdf2-sha256 600000 !!!! AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=")]
    public void Read_BrokenLine_NamesItAndTrustsNoneOfIt(string line)
    {
        Add("bob", "secret");
        File.AppendAllText(Path, line + "\n");
        var unusable = Assert.IsType<AccountsFile.ReadResult.Unusable>(AccountsFile.Read(Path));
        Assert.StartsWith("line 3 ", unusable.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_CutAnywhere_NeverThrows()
    {
        Add("ann", "secret");
        Add("bob", "secret");
        var whole = File.ReadAllBytes(Path);
        for (var length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Path, whole[..length]);
            AccountsFile.Read(Path);
        }
    }

    [Fact]
    public void Change_WhileAnotherIsAtIt_IsRefusedAndChangesNothing()
    {
        Add("ann", "secret");
        Assert.Null(AccountsFile.Change(Path, _ =>
        {
            Assert.Throws<IOException>(() => AccountsFile.Change(Path, accounts => accounts.Remove("ann") ? null : "none"));
            return null;
        }));
        Assert.True(Assert.IsType<AccountsFile.ReadResult.Found>(AccountsFile.Read(Path)).Accounts.ContainsKey("ann"));
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private void Add(string name, string password) => Assert.Null(AccountsFile.Change(Path, accounts =>
    {
        accounts[name] = PasswordHash.Of(Encoding.UTF8.GetBytes(password), iterations: 1_000);
        return null;
    }));
}
