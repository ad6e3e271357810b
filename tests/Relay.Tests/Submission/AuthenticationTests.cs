using Relay.Lab;

namespace Relay.Tests.Submission;

/// <summary>Users who authenticate, against the whole program.</summary>
public sealed class AuthenticationTests : IAsyncLifetime
{
    private readonly SubmissionLab _lab = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory] // SMTP-56, SUB-10, SUB-12, RFC 4954 §4, RFC 3848 §1: from an address that is not trusted, on every kind of listener
    [InlineData(0, false)]
    [InlineData(1, false)]
    [InlineData(2, true)]
    public async Task Authenticated_FromAnywhere_MayRelay(int listener, bool isImplicit)
    {
        var mx = _lab.Internet.AddDomain("one.test");
        _lab.AddAccount("ann@corp.test", "secret");
        await using var relay = await _lab.StartRelayAsync([.. SubmissionLab.ThreeListeners]);
        await using var talk = await SubmissionLab.OpenTlsAsync(relay.EndPoints[listener], isImplicit, Cancel);
        Assert.Contains("AUTH PLAIN LOGIN\r\n", await talk.SayAsync("EHLO client.test", "250", Cancel), StringComparison.Ordinal);
        await talk.SayAsync(SubmissionLab.Plain("Ann@corp.test", "secret"), "235 2.7.0", Cancel);
        await talk.SayAsync(SubmissionLab.Plain("Ann@corp.test", "secret"), "503 5.5.1", Cancel);
        await talk.SendAsync("ann@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);
        Assert.Contains(" with ESMTPSA id ", (await mx.WaitForMessagesAsync(1, Cancel))[0].Text, StringComparison.Ordinal);
        Assert.EndsWith(
            " authenticated client=127.0.0.1 user=ann@corp.test mechanism=PLAIN",
            await relay.Log.NextAsync("authenticated", Cancel),
            StringComparison.Ordinal);
        Assert.Contains(" user=ann@corp.test ", await relay.Log.NextAsync("received", Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Login_Authenticated_MayRelay()
    {
        var mx = _lab.Internet.AddDomain("one.test");
        _lab.AddAccount("ann", "pässword ß");
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
        await talk.SayAsync("AUTH LOGIN", "334 VXNlcm5hbWU6", Cancel);
        await talk.SayAsync(SubmissionLab.Base64("ann"), "334 UGFzc3dvcmQ6", Cancel);
        await talk.SayAsync(SubmissionLab.Base64("pa\u0308ssword\u00A0ß"), "235 2.7.0", Cancel);
        await talk.SendAsync("", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);
        await mx.WaitForMessagesAsync(1, Cancel);
    }

    [Fact] // SUB-15, SUB-18, RFC 4954 §6, RFC 4616 §2: no reply tells which of them was wrong; the log does, without the password
    public async Task Failures_OfEveryCause_LookTheSame()
    {
        _lab.AddAccount("ann", "secret-7");
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var relay = await _lab.StartRelayAsync(clock);
        var (replies, lines) = (new List<string>(), new List<string>());
        foreach (var attempt in (string[])
            [
                SubmissionLab.Plain("ann", "wrong-password"), SubmissionLab.Plain("nobody", "secret-7"),
                SubmissionLab.Plain("ann", "secret-7", "bob"), SubmissionLab.Plain("two words", "secret-7"),
                SubmissionLab.Plain("ann", "secret-7\u0001"), SubmissionLab.Plain("evil\r\nuser=root", "x"),
            ])
        {
            await using var talk = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
            replies.Add(await talk.SayAsync(attempt, "535", Cancel));
            lines.Add(await relay.Log.NextAsync("auth-failed", Cancel));
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(["535 5.7.8 Authentication credentials invalid\r\n"], replies.Distinct());
        Assert.Equal(
            ["wrong-password", "unknown-user", "foreign-identity", "unknown-user", "wrong-password", "unknown-user"],
            lines.Select(line => line[(line.LastIndexOf('=') + 1)..]));
        Assert.Contains(" user=\"evil\\r\\nuser=root\" ", lines[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("secret-7", relay.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(SubmissionLab.Plain("ann", "wrong-password")[11..], relay.Log.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong-password ", relay.Log.Text, StringComparison.Ordinal);

        // To name oneself is to act as nobody else.
        await using var own = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
        await own.SayAsync(SubmissionLab.Plain("ann", "secret-7", "ANN"), "235", Cancel);
    }

    [Fact] // SUB-15, RFC 4954 §6: accounts that cannot be read are nobody's fault, and come back by themselves
    public async Task Accounts_NotReadable_Are454UntilTheyAreAgain()
    {
        _lab.AddAccount("ann", "secret");
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var relay = await _lab.StartRelayAsync(clock);
        File.SetUnixFileMode(_lab.AccountsPath, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);
        clock.Advance(TimeSpan.FromSeconds(2));
        await using var talk = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
        await talk.SayAsync(SubmissionLab.Plain("ann", "secret"), "454 4.7.0", Cancel);
        Assert.Contains("chmod 600", await relay.Log.NextAsync("accounts-unusable", Cancel), StringComparison.Ordinal);

        File.SetUnixFileMode(_lab.AccountsPath, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        clock.Advance(TimeSpan.FromSeconds(2));
        await talk.SayAsync(SubmissionLab.Plain("ann", "secret"), "235 2.7.0", Cancel);
    }

    [Fact] // An account that is removed is out at the next message, also of a session that had authenticated before.
    public async Task Accounts_Changed_AreReadWithoutARestart()
    {
        _lab.Internet.AddDomain("one.test");
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var relay = await _lab.StartRelayAsync(clock, [.. SubmissionLab.ThreeListeners]);
        await using var talk = await SubmissionLab.OpenTlsAsync(relay.EndPoints[1], isImplicit: false, Cancel);
        await talk.SayAsync(SubmissionLab.Plain("ann", "secret"), "535", Cancel);

        _lab.AddAccount("ann", "secret");
        clock.Advance(TimeSpan.FromSeconds(5));
        await talk.SayAsync(SubmissionLab.Plain("ann", "secret"), "235", Cancel);
        await talk.SendAsync("ann@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);

        Assert.Null(Relay.Submission.AccountsFile.Change(_lab.AccountsPath, accounts => accounts.Remove("ann") ? null : "none"));
        clock.Advance(TimeSpan.FromSeconds(5));
        await talk.SayAsync("MAIL FROM:<ann@corp.test>", "530 5.7.0", Cancel);
        Assert.StartsWith("421 4.7.0", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        Assert.Empty(await talk.ReadReplyAsync(Cancel));
        Assert.EndsWith(" user=ann reason=account-removed", await relay.Log.NextAsync("auth-ended", Cancel), StringComparison.Ordinal);
    }

    [Theory] // RFC 4954 §6: whoever has the old password has no use of it any more, in no session; on a listener that demands AUTH and on one that does not
    [InlineData(0)]
    [InlineData(1)]
    public async Task Password_Changed_EndsTheSessionsOfTheOldOne(int listener)
    {
        _lab.Internet.AddDomain("one.test");
        _lab.AddAccount("ann", "old");
        _lab.AddAccount("bob", "other");
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var relay = await _lab.StartRelayAsync(clock, [.. SubmissionLab.ThreeListeners]);
        await using var thief = await SubmissionLab.OpenTlsAsync(relay.EndPoints[listener], isImplicit: false, Cancel);
        await using var bob = await SubmissionLab.OpenTlsAsync(relay.EndPoints[listener], isImplicit: false, Cancel);
        await thief.SayAsync(SubmissionLab.Plain("ann", "old"), "235", Cancel);
        await bob.SayAsync(SubmissionLab.Plain("bob", "other"), "235", Cancel);
        await thief.SendAsync("ann@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);

        _lab.AddAccount("ann", "new");
        clock.Advance(TimeSpan.FromSeconds(2));
        await thief.SayAsync("EHLO client.test", "250", Cancel);
        await thief.SayAsync("MAIL FROM:<ann@corp.test>", "530 5.7.0", Cancel);
        Assert.StartsWith("421 4.7.0", await thief.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        Assert.Empty(await thief.ReadReplyAsync(Cancel));
        Assert.EndsWith(" user=ann reason=password-changed", await relay.Log.NextAsync("auth-ended", Cancel), StringComparison.Ordinal);
        await bob.SendAsync("bob@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);
        await using var ann = await SubmissionLab.OpenTlsAsync(relay.EndPoints[listener], isImplicit: false, Cancel);
        await ann.SayAsync(SubmissionLab.Plain("ann", "new"), "235", Cancel);
        await ann.SendAsync("ann@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);
    }

    [Fact] // A client that authenticates for every message is not slowed down by the cost of its hash.
    public async Task Password_Verified_IsRememberedUntilItChanges()
    {
        _lab.AddAccount("ann", "old");
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        await using var relay = await _lab.StartRelayAsync(clock);
        for (var i = 0; i < 3; i++)
        {
            await using var talk = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
            await talk.SayAsync(SubmissionLab.Plain("ann", "old"), "235", Cancel);
        }

        _lab.AddAccount("ann", "new");
        clock.Advance(TimeSpan.FromSeconds(2));
        await using var later = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
        await later.SayAsync(SubmissionLab.Plain("ann", "old"), "535", Cancel);
        clock.Advance(TimeSpan.FromSeconds(2));
        await later.SayAsync(SubmissionLab.Plain("ann", "new"), "235", Cancel);
    }

    [Fact] // RFC 4954 §4
    public async Task Failures_InOneSession_EndIt()
    {
        var clock = new ManualClock(TimeProvider.System.GetUtcNow());
        _lab.AddAccount("ann", "secret");
        await using var relay = await _lab.StartRelayAsync(clock);
        await using var talk = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
        for (var i = 0; i < 5; i++)
        {
            await talk.SayAsync(SubmissionLab.Plain("ann", "guess"), "535", Cancel);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.StartsWith("421 4.7.0", await talk.ReadReplyAsync(Cancel), StringComparison.Ordinal);
        Assert.Empty(await talk.ReadReplyAsync(Cancel));
    }

    [Fact] // SUB-06, RFC 6409 §6.1
    public async Task SenderLogins_ForeignReversePath_Is550()
    {
        _lab.AddAccount("ann", "secret");
        _lab.AddAccount("bob", "secret");
        await using var relay = await _lab.StartRelayAsync(
            ("Relay:SenderLogins:0:Login", "ann"),
            ("Relay:SenderLogins:0:Addresses:0", "ann@corp.test"),
            ("Relay:SenderLogins:0:Addresses:1", "@shop.test"));
        await using var ann = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
        await ann.SayAsync(SubmissionLab.Plain("ann", "secret"), "235", Cancel);
        foreach (var (path, expected) in ((string, string)[])
            [
                ("ann@corp.test", "250"), ("ANN@Corp.Test", "250"), ("any.one@shop.test", "250"), ("", "250"),
                ("boss@corp.test", "550 5.7.1"), ("ann@sub.shop.test", "550 5.7.1"), ("ann@corp.test.evil.test", "550 5.7.1"),
            ])
        {
            await ann.SayAsync($"MAIL FROM:<{path}>", expected, Cancel);
            await ann.SayAsync("RSET", "250", Cancel);
        }

        // Who is in no entry may use nothing, once there is one.
        await using var bob = await SubmissionLab.OpenTlsAsync(relay.EndPoint, isImplicit: false, Cancel);
        await bob.SayAsync(SubmissionLab.Plain("bob", "secret"), "235", Cancel);
        await bob.SayAsync("MAIL FROM:<ann@corp.test>", "550 5.7.1", Cancel);
    }

    [Fact] // SUB-01, SUB-02, SUB-03, SUB-04, SUB-11, TLS-11, RFC 6409 §3.1, RFC 8314 §3.3, §4.1
    public async Task ThreeListeners_AsTheGuideHasThem_EachKeepItsRules()
    {
        _lab.Internet.AddDomain("one.test");
        _lab.AddAccount("ann", "secret");
        await using var relay = await _lab.StartRelayAsync([.. SubmissionLab.ThreeListeners, ("Relay:TrustedNetworks:1", "127.0.0.1/32")]);

        // Port 25: the organisation's own servers, in clear if they must.
        await using var server = await SmtpTalk.OpenAsync(relay.EndPoints[0], Cancel);
        Assert.DoesNotContain("AUTH", await server.SayAsync("EHLO server.test", "250", Cancel), StringComparison.Ordinal);
        await server.SayAsync(SubmissionLab.Plain("ann", "secret"), "538 5.7.11", Cancel);
        await server.SendAsync("app@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);

        // Port 587: nothing before TLS, nothing before AUTH, trusted network or not.
        await using var user = await SmtpTalk.OpenAsync(relay.EndPoints[1], Cancel);
        Assert.DoesNotContain("AUTH", await user.SayAsync("EHLO client.test", "250", Cancel), StringComparison.Ordinal);
        await user.SayAsync("MAIL FROM:<ann@corp.test>", "530 5.7.0 Must issue a STARTTLS command first", Cancel);
        await user.SayAsync(SubmissionLab.Plain("ann", "secret"), "530 5.7.0 Must issue a STARTTLS command first", Cancel);
        await user.StartTlsAsync(Cancel);
        await user.SayAsync("MAIL FROM:<ann@corp.test>", "530 5.7.0 Authentication required", Cancel);
        await user.SayAsync(SubmissionLab.Plain("ann", "secret"), "235", Cancel);
        await user.SendAsync("ann@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);

        // Port 465: TLS first, then the same.
        await using var modern = await SubmissionLab.OpenTlsAsync(relay.EndPoints[2], isImplicit: true, Cancel);
        await modern.SayAsync("MAIL FROM:<ann@corp.test>", "530 5.7.0 Authentication required", Cancel);
        await modern.SayAsync(SubmissionLab.Plain("ann", "secret"), "235", Cancel);
        await modern.SendAsync("ann@corp.test", ["bob@one.test"], SubmissionLab.Message, "250 2.0.0", Cancel);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();
}
