using Relay.Submission;

namespace Relay.Tests.Commands;

/// <summary><c>relay user</c>, run as an operator's script runs it.</summary>
public sealed class UserCommandTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("relay-user").FullName;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Data => Path.Combine(_directory, "data");

    [Fact]
    public async Task User_AddListRemove_KeepTheFile()
    {
        Assert.Equal(0, (await RunAsync("correct horse\nsecond line\n", "user", "add", "Ann@corp.test")).ExitCode);
        Assert.Equal(0, (await RunAsync("ключ", "user", "add", "bob")).ExitCode);
        var accounts = Assert.IsType<AccountsFile.ReadResult.Found>(AccountsFile.Read(Path.Combine(Data, "accounts"))).Accounts;
        Assert.True(accounts["ann@corp.test"].IsOf("correct horse"u8));
        Assert.True(accounts["bob"].IsOf("ключ"u8));

        Assert.Equal("ann@corp.test\nbob\n", (await RunAsync("", "user", "list")).Output);
        var listed = (await RunAsync("", "user", "list", "--json")).Json;
        Assert.Equal(["ann@corp.test", "bob"], listed.EnumerateArray().Select(one => one.GetProperty("user").GetString()));

        Assert.Equal(0, (await RunAsync("", "user", "remove", "ann@corp.test")).ExitCode);
        Assert.Equal("bob\n", (await RunAsync("", "user", "list")).Output);
    }

    [Fact]
    public async Task Add_ExistingAccount_NeedsReplace()
    {
        await RunAsync("first\n", "user", "add", "ann");
        var again = await RunAsync("second\n", "user", "add", "ann");
        Assert.Equal(1, again.ExitCode);
        Assert.Contains("--replace", again.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await RunAsync("second\n", "user", "add", "ann", "--replace")).ExitCode);
        var accounts = Assert.IsType<AccountsFile.ReadResult.Found>(AccountsFile.Read(Path.Combine(Data, "accounts"))).Accounts;
        Assert.True(accounts["ann"].IsOf("second"u8));
    }

    [Theory]
    [InlineData("", 2, "The password is empty", "add", "ann")]
    [InlineData("a\u0001b\n", 2, "cannot be typed", "add", "ann")]
    [InlineData("x\n", 2, "cannot be a name", "add", "two words")]
    [InlineData("", 1, "nobody has no account", "remove", "nobody")]
    [InlineData("x\n", 2, "cannot be a name", "add")]
    public async Task User_WrongUse_SaysSo(string input, int code, string expected, params string[] arguments)
    {
        var run = await RunAsync(input, ["user", .. arguments]);
        Assert.Equal(code, run.ExitCode);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
        Assert.False(File.Exists(Path.Combine(Data, "accounts")));
    }

    [Fact]
    public async Task ConfigCheck_AccountsOpenToOthers_NamesTheRemedy()
    {
        await RunAsync("x\n", "user", "add", "ann");
        var path = Path.Combine(Data, "accounts");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.OtherRead);
        foreach (var arguments in (string[][])[["config", "check"], ["user", "list"], ["run"]])
        {
            var run = await RunAsync("", arguments);
            Assert.Equal(2, run.ExitCode);
            Assert.StartsWith($"Relay:AccountsFile: \"{path}\" cannot be used: ", run.Error, StringComparison.Ordinal);
            Assert.Contains($"chmod 600 {path}", run.Error, StringComparison.Ordinal);
        }
    }

    [Theory] // SUB-11, RFC 4954 §9
    [InlineData("Relay:Listeners:0:RequireAuth", "Relay:Listeners:0:Tls=StartTls", "true", "needs a certificate")]
    [InlineData("Relay:Listeners:0:RequireAuth", "Relay:Listeners:0:Tls=None", "true", "set Relay:Listeners:0:Tls to StartTls or Implicit")]
    [InlineData("Relay:SenderLogins:0:Login", "Relay:SenderLogins:0:Addresses:0=*", "two words", "is no account's name")]
    [InlineData("Relay:SenderLogins:0:Addresses:0", "Relay:SenderLogins:0:Login=ann", "corp.test", "is no address")]
    public async Task ConfigCheck_FaultOfSubmission_IsNamedWithItsKey(string key, string other, string value, string expected)
    {
        var run = await RunAsync("", "config", "check", $"--{other}", $"--{key}={value}");
        Assert.Equal(2, run.ExitCode);
        Assert.StartsWith($"{key}: ", run.Error, StringComparison.Ordinal);
        Assert.Contains(expected, run.Error, StringComparison.Ordinal);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private Task<CommandRun> RunAsync(string input, params string[] arguments) =>
        CommandRun.OfAsync([("Relay:DataDirectory", Data)], input, arguments, Cancel);
}
