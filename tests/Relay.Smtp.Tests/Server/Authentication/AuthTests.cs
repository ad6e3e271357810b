using System.Text;
using Relay.Mail;
using Relay.Smtp.Server.Authentication;

namespace Relay.Smtp.Tests.Server.Authentication;

/// <summary>AUTH as a server (RFC 4954), over the wire of one session.</summary>
public sealed class AuthTests
{
    private const string Good = "\0ann\0secret";
    private const string Bad = "\0ann\0wrong";

    [Fact] // SUB-10, SUB-11, RFC 4954 §4: advertised with its mechanisms, and inside TLS alone
    public async Task Ehlo_InClearAndInTls_OffersAuthInTlsAlone()
    {
        await using var server = await NewServer().StartAsync();
        Assert.DoesNotContain("AUTH", await server.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("220", await server.AskAsync("STARTTLS"), StringComparison.Ordinal);
        await server.SecureAsync();
        Assert.Contains("AUTH PLAIN LOGIN", (await server.AskAsync("EHLO client.test")).Split("250 ")[^1], StringComparison.Ordinal);
    }

    [Theory] // SUB-11, RFC 4954 §6, RFC 3207 §4: in clear nothing is taken, and the password is not even asked for
    [InlineData(false, "AUTH PLAIN", "538 5.7.11")]
    [InlineData(false, "AUTH PLAIN AGFubgBzZWNyZXQ=", "538 5.7.11")]
    [InlineData(false, "AUTH login", "538 5.7.11")]
    [InlineData(false, "AUTH CRAM-MD5", "504 5.5.4")]
    [InlineData(true, "AUTH PLAIN AGFubgBzZWNyZXQ=", "530 5.7.0")]
    public async Task Auth_InClear_IsRefused(bool requireTls, string command, string expected)
    {
        await using var server = await NewServer(requireTls).GreetAsync();
        Assert.StartsWith(expected, await server.AskAsync(command), StringComparison.Ordinal);
        Assert.Empty(server.Authenticator!.Asked);
        Assert.StartsWith("250", await server.AskAsync("NOOP"), StringComparison.Ordinal);
    }

    [Fact] // SUB-12, RFC 4616 §2
    public async Task Plain_WithInitialResponse_Succeeds()
    {
        await using var server = await SecureAsync();
        Assert.Equal("235 2.7.0 Authentication successful", await server.AskAsync($"AUTH PLAIN {Base64(Good)}"));
        Assert.Equal(["PLAIN /ann/secret"], server.Authenticator!.Asked);
        Assert.True(server.Authenticator.PasswordsAreCleared);
    }

    [Fact] // SUB-13, RFC 4954 §4: the empty challenge
    public async Task Plain_WithoutInitialResponse_IsChallenged()
    {
        await using var server = await SecureAsync();
        Assert.Equal("334 ", await server.AskAsync("auth plain"));
        Assert.StartsWith("235 2.7.0", await server.AskAsync(Base64("act\0ann\0secret")), StringComparison.Ordinal);
        Assert.Equal(["PLAIN act/ann/secret"], server.Authenticator!.Asked);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Login_NameAsInitialResponseOrAsked_Succeeds(bool initial)
    {
        await using var server = await SecureAsync();
        if (!initial)
        {
            Assert.Equal("334 VXNlcm5hbWU6", await server.AskAsync("AUTH LOGIN"));
        }

        Assert.Equal("334 UGFzc3dvcmQ6", await server.AskAsync(initial ? $"AUTH LOGIN {Base64("ann")}" : Base64("ann")));
        Assert.StartsWith("235 2.7.0", await server.AskAsync(Base64("secret")), StringComparison.Ordinal);
        Assert.Equal(["LOGIN /ann/secret"], server.Authenticator!.Asked);
        Assert.True(server.Authenticator.PasswordsAreCleared);
    }

    [Theory] // SUB-13, RFC 4954 §4
    [InlineData("*", "501 5.7.0")]
    [InlineData("AGFubgBzZWNyZXQ", "501 5.5.2")] // padding is missing
    [InlineData("AGFubgBz ZWNyZXQ=", "501 5.5.2")]
    [InlineData("AGFubgBz\tZWNyZXQ=", "501 5.5.2")]
    [InlineData("=", "501 5.5.2")] // empty, but only as an initial response
    [InlineData("**", "501 5.5.2")]
    [InlineData("MAIL FROM:<a@b.test>", "501 5.5.2")]
    [InlineData("", "535 5.7.8")] // an empty response is base64, and no PLAIN message
    [InlineData("YW5u", "535 5.7.8")]
    [InlineData("AGFubg==", "535 5.7.8")] // one NUL
    public async Task Response_ThatIsNone_EndsTheExchange(string response, string expected)
    {
        await using var server = await SecureAsync();
        await server.AskAsync("AUTH PLAIN");
        Assert.StartsWith(expected, await server.AskAsync(response), StringComparison.Ordinal);
        Assert.Empty(server.Authenticator!.Asked);
        Assert.StartsWith("250", await server.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.StartsWith("235", await server.AskAsync($"AUTH PLAIN {Base64(Good)}"), StringComparison.Ordinal);
    }

    [Theory] // SUB-13, RFC 4954 §4
    [InlineData("AUTH PLAIN =", "535 5.7.8")]
    [InlineData("AUTH PLAIN *", "501 5.5.2")]
    [InlineData("AUTH PLAIN A-B_", "501 5.5.2")]
    [InlineData("AUTH LOGIN =", "334 UGFzc3dvcmQ6")]
    public async Task InitialResponse_Odd_GetsItsReply(string command, string expected)
    {
        await using var server = await SecureAsync();
        Assert.StartsWith(expected, await server.AskAsync(command), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Login_CancelledAtThePassword_Is501()
    {
        await using var server = await SecureAsync();
        await server.AskAsync("AUTH LOGIN");
        await server.AskAsync(Base64("ann"));
        Assert.StartsWith("501 5.7.0", await server.AskAsync("*"), StringComparison.Ordinal);
        Assert.Empty(server.Authenticator!.Asked);
    }

    [Fact] // SUB-14, RFC 4954 §4: 12288 octets with CRLF are taken, one more is not and leaves nothing behind
    public async Task Response_AtItsLimit_IsTakenAndOneMoreIsNot()
    {
        await using var server = await SecureAsync();
        var longest = $"\0ann\0{new string('p', 9208)}";
        var line = Base64(longest);
        Assert.Equal(12288, line.Length + 4); // the next whole group of four, with CRLF, would pass the limit
        await server.AskAsync("AUTH PLAIN");
        Assert.StartsWith("535", await server.AskAsync(line), StringComparison.Ordinal);
        Assert.Equal([$"PLAIN /ann/{longest[5..]}"], server.Authenticator!.Asked);

        await server.AskAsync("AUTH PLAIN");
        Assert.StartsWith("501", await server.AskAsync(new string('A', 12286)), StringComparison.Ordinal);
        await server.AskAsync("AUTH PLAIN");
        Assert.StartsWith("500 5.5.6", await server.AskAsync(new string('A', 12287)), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.AskAsync("NOOP"), StringComparison.Ordinal);
        Assert.Single(server.Authenticator.Asked);
    }

    [Fact] // RFC 4954 §4: the AUTH command itself is held to the length of a command
    public async Task Auth_CommandTooLong_Is500()
    {
        await using var server = await SecureAsync();
        Assert.StartsWith("500 5.5.2", await server.AskAsync($"AUTH PLAIN {new string('A', 2048)}"), StringComparison.Ordinal);
        Assert.Empty(server.Authenticator!.Asked);
    }

    [Fact] // SUB-10, RFC 4954 §4
    public async Task Auth_OutOfPlace_Is503()
    {
        await using var server = await SecureAsync();
        await server.AskAsync("MAIL FROM:<a@b.test>");
        Assert.StartsWith("503 5.5.1", await server.AskAsync($"AUTH PLAIN {Base64(Good)}"), StringComparison.Ordinal);
        await server.AskAsync("RSET");
        Assert.StartsWith("235", await server.AskAsync($"AUTH PLAIN {Base64(Good)}"), StringComparison.Ordinal);
        Assert.StartsWith("503 5.5.1", await server.AskAsync($"AUTH PLAIN {Base64(Good)}"), StringComparison.Ordinal);
        Assert.Single(server.Authenticator!.Asked);

        // Neither RSET nor EHLO makes the client a remote party again.
        await server.AskAsync("RSET");
        await server.AskAsync("EHLO client.test");
        await server.AskAsync("MAIL FROM:<a@b.test>");
        await server.AskAsync("RCPT TO:<c@d.test>");
        await server.AskAsync("DATA");
        await server.AskAsync("x\r\n.");
        Assert.Equal("ann", Assert.Single(server.Acceptor.Messages).Session.User);
    }

    [Theory] // RFC 4954 §4: AUTH belongs to ESMTP
    [InlineData("HELO client.test")]
    [InlineData("NOOP")]
    public async Task Auth_WithoutEhlo_Is503(string before)
    {
        await using var server = NewServer();
        await server.StartAsync();
        await server.AskAsync("STARTTLS");
        await server.SecureAsync();
        await server.AskAsync(before);
        Assert.StartsWith("503 5.5.1", await server.AskAsync($"AUTH PLAIN {Base64(Good)}"), StringComparison.Ordinal);
        Assert.Empty(server.Authenticator!.Asked);
    }

    [Theory]
    [InlineData("AUTH GSSAPI", "504 5.5.4")] // SUB-15, RFC 4954 §4
    [InlineData("AUTH PLAINX", "504 5.5.4")]
    [InlineData("AUTH", "501 5.5.4")]
    [InlineData("AUTH PLAIN a b", "501 5.5.4")]
    public async Task Auth_OfNoUse_GetsItsReply(string command, string expected)
    {
        await using var server = await SecureAsync();
        Assert.StartsWith(expected, await server.AskAsync(command), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Auth_WhereItIsNotOffered_Is502()
    {
        await using var server = await SecureAsync();
        server.Authenticator!.IsOffered = false;
        Assert.DoesNotContain("AUTH", await server.AskAsync("EHLO client.test"), StringComparison.Ordinal);
        Assert.StartsWith("502 5.5.1", await server.AskAsync($"AUTH PLAIN {Base64(Good)}"), StringComparison.Ordinal);
    }

    [Fact] // SUB-15, RFC 4954 §6
    public async Task Auth_ThatCannotBeChecked_Is454()
    {
        await using var server = await SecureAsync();
        server.Authenticator!.Result = AuthenticationResult.Unavailable.Instance;
        Assert.StartsWith("454 4.7.0", await server.AskAsync($"AUTH PLAIN {Base64(Good)}"), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.AskAsync("MAIL FROM:<a@b.test>"), StringComparison.Ordinal);
    }

    [Fact] // SUB-15: failures look alike, and the last that a session may have ends it
    public async Task Auth_FailingAgainAndAgain_EndsTheSession()
    {
        await using var server = await SecureAsync();
        for (var i = 1; i < server.Options.MaxAuthenticationFailures; i++)
        {
            var wrong = Base64(i % 2 == 0 ? Bad : "\0nobody\0secret");
            Assert.Equal("535 5.7.8 Authentication credentials invalid", await server.AskAsync($"AUTH PLAIN {wrong}"));
        }

        Assert.StartsWith("535 5.7.8", await server.AskAsync($"AUTH PLAIN {Base64(Bad)}"), StringComparison.Ordinal);
        Assert.StartsWith("421 4.7.0", await server.ReadToEndAsync(), StringComparison.Ordinal);
        await server.Session;
    }

    [Fact]
    public async Task Auth_FromAClientThatIsGivenUp_Gets421()
    {
        await using var server = await SecureAsync();
        server.Authenticator!.Result = AuthenticationResult.TooManyFailures.Instance;
        Assert.StartsWith("421 4.7.0", await server.AskAsync($"AUTH PLAIN {Base64(Good)}"), StringComparison.Ordinal);
        Assert.Empty(await server.ReadToEndAsync());
    }

    [Fact] // RFC 4954 §6, §4: what was proved no longer holds, and a session has one AUTH alone
    public async Task Mail_AfterThePasswordChanged_Is530AndEndsTheSession()
    {
        await using var server = await SecureAsync();
        await server.AskAsync($"AUTH PLAIN {Base64(Good)}");
        Assert.StartsWith("250", await server.AskAsync("MAIL FROM:<a@b.test>"), StringComparison.Ordinal);
        Assert.StartsWith("250", await server.AskAsync("RSET"), StringComparison.Ordinal);
        server.Authenticator!.CredentialId = "2";
        Assert.StartsWith("530 5.7.0", await server.AskAsync("MAIL FROM:<a@b.test>"), StringComparison.Ordinal);
        Assert.StartsWith("421 4.7.0", await server.ReadToEndAsync(), StringComparison.Ordinal);
        await server.Session;
    }

    [Fact] // who has proved nothing has nothing to lose
    public async Task Mail_OfAClientThatNeverAuthenticated_DoesNotAskForWhatItProved()
    {
        await using var server = await SecureAsync();
        server.Authenticator!.CredentialId = "2";
        Assert.StartsWith("250", await server.AskAsync("MAIL FROM:<a@b.test>"), StringComparison.Ordinal);
    }

    [Fact] // SMTP-68, RFC 5321 §3.8: an exchange does not hold up a server that stops
    public async Task Exchange_ServerStops_Gets421()
    {
        await using var server = await SecureAsync();
        await server.AskAsync("AUTH LOGIN");
        server.Stop();
        Assert.StartsWith("421 4.3.2", await server.ReadToEndAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Exchange_ClientLeaves_EndsQuietly()
    {
        await using var server = await SecureAsync();
        await server.AskAsync("AUTH PLAIN");
        await server.CloseAsync();
        await server.Session;
        Assert.Empty(server.Authenticator!.Asked);
    }

    [Fact] // RFC 2920 §3.1: what was sent behind a failing AUTH is not run on its behalf
    public async Task Auth_PipelinedWithMail_IsDecidedInOrder()
    {
        await using var server = await SecureAsync();
        server.Policy.Mail = _ => new Reply(530, new(5, 7, 0), "Authentication required");
        await server.SendAsync($"AUTH PLAIN {Base64(Bad)}\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\n");
        Assert.StartsWith("535", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("530", await server.ReadReplyAsync(), StringComparison.Ordinal);
        Assert.StartsWith("503", await server.ReadReplyAsync(), StringComparison.Ordinal);
    }

    [Theory] // SUB-16, RFC 4954 §5: from whomever it comes
    [InlineData("<>")]
    [InlineData("e+3Dmc2@example.com")]
    public async Task Mail_WithAuthParameter_IsTaken(string value)
    {
        await using var server = await new ServerUnderTest().GreetAsync();
        Assert.StartsWith("250", await server.AskAsync($"MAIL FROM:<a@b.test> AUTH={value}"), StringComparison.Ordinal);
    }

    private static ServerUnderTest NewServer(bool requireTls = false) => new()
    {
        Options = ServerUnderTest.WithTls with { RequireTls = requireTls },
        Authenticator = new ScriptedAuthenticator(),
    };

    private static async Task<ServerUnderTest> SecureAsync()
    {
        var server = NewServer();
        await server.GreetAsync();
        await server.AskAsync("STARTTLS");
        await server.SecureAsync();
        await server.AskAsync("EHLO client.test");
        return server;
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
