using Microsoft.Extensions.Options;
using Relay.Delivery.Routing;
using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;
using Relay.Mail;
using Relay.Smtp.Grammar;

namespace Relay.Delivery.Tests.Transport;

/// <summary>AUTH with a fixed next hop (RFC 4954), and what keeps its password from everybody else.</summary>
public sealed class RouteLoginTests : IAsyncLifetime
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly DeliveryLab _lab = new();
    private readonly string _password = Path.GetTempFileName();

    [Fact] // SUB-12, SUB-16, RFC 4954 §4, §5, RFC 4616 §2
    public async Task Deliver_WithLogin_AuthenticatesOnceAndSaysAuthAtMail()
    {
        AddRoute(0, "*", "ann@isp.test");
        var host = _lab.StartHost("upstream.test", Upstream("upstream.test"));

        var attempt = await _lab.DeliverAsync("a.test");
        await _lab.DeliverAsync("b.test");

        Assert.IsType<DeliveryOutcome.Delivered>(attempt.Recipients[0].Outcome);
        var auth = host.Commands.Where(command => command.Verb is "AUTH" or "MAIL").Select(command => command.Line).ToList();
        Assert.Equal("AUTH PLAIN", auth[0]);
        Assert.Equal(3, auth.Count);
        Assert.All(auth[1..], line => Assert.EndsWith(" AUTH=<>", line, StringComparison.Ordinal));
        Assert.Contains(host.Commands, command => command.Line == Message("ann@isp.test"));
        Assert.DoesNotContain(
            _lab.Log.All, logged => logged.Fields.Values.Any(value => value?.Contains("pässword", StringComparison.Ordinal) == true));
    }

    [Fact] // SUB-16, RFC 4954 §5: what a client said of the submitter goes to nobody, and to remote parties not even that there is AUTH
    public async Task Deliver_WithoutLogin_SaysNothingOfAuth()
    {
        var host = _lab.StartMx("a.test", "mx.a.test", Upstream("mx.a.test"));
        var mail = new MailFrom(new ReversePath(new Mailbox("app", "corp.example"))) { Auth = "boss@corp.example" };

        var attempt = await _lab.RunAsync(_lab.Attempt("a.test", ["bob"], mail: mail));

        Assert.IsType<DeliveryOutcome.Delivered>(attempt.Recipients[0].Outcome);
        Assert.DoesNotContain(host.Commands, command => command.Line.Contains("AUTH", StringComparison.Ordinal));
    }

    [Theory] // SUB-17, CERT-09, RFC 4954 §14, RFC 7817 §3: nobody but the named host sees the password
    [InlineData("other.test", true, "certificate-invalid")]
    [InlineData("a.test", true, "certificate-invalid")]
    [InlineData("upstream.test", false, "starttls-missing")]
    public async Task Deliver_UpstreamThatProvesNothing_SeesNoCredentials(string certified, bool startTls, string reason)
    {
        AddRoute(0, "*", "ann");
        _lab.Settings["Relay:Routes:0:Tls"] = "Opportunistic";
        var host = _lab.StartHost(
            "upstream.test", Upstream(certified) with { OffersStartTls = startTls, Extensions = ["PIPELINING", "AUTH PLAIN"] });

        var attempt = await _lab.DeliverAsync("a.test");

        var deferred = Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome);
        Assert.Equal(reason, deferred.Failure.Reason);
        Assert.DoesNotContain(host.Commands, command => command.Verb is "AUTH" or "MAIL");
    }

    [Theory] // RFC 4954 §6: the sender is told nothing final of a trouble between us and the next hop
    [InlineData("535 5.7.8 Bad credentials")]
    [InlineData("454 4.7.0 Come back")]
    [InlineData("504 5.5.4 No such mechanism")]
    public async Task Deliver_LoginRefused_IsDeferredWithItsReason(string reply)
    {
        AddRoute(0, "*", "ann");
        var host = _lab.StartHost(
            "upstream.test", new MxBehavior { Certificate = _lab.Authority.Issue("upstream.test"), ExtensionsInTls = ["AUTH PLAIN"] }
                .At("AUTH", MxAction.Reply(reply)));

        var attempt = await _lab.DeliverAsync("a.test");

        var failure = Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome).Failure;
        Assert.Equal("auth-failed", failure.Reason);
        Assert.Equal(new EnhancedStatusCode(4, 7, 0), failure.Status);
        Assert.Contains(reply, failure.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Commands, command => command.Verb == "MAIL");
    }

    [Theory]
    [InlineData("AUTH LOGIN CRAM-MD5")]
    [InlineData("AUTH=PLAIN")]
    [InlineData("AUTH PLAINER")]
    [InlineData("8BITMIME")]
    public async Task Deliver_PlainNotOffered_IsDeferred(string offered)
    {
        AddRoute(0, "*", "ann");
        var host = _lab.StartHost(
            "upstream.test", new MxBehavior { Certificate = _lab.Authority.Issue("upstream.test"), ExtensionsInTls = [offered] });

        var attempt = await _lab.DeliverAsync("a.test");

        Assert.Equal("auth-failed", Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome).Failure.Reason);
        Assert.DoesNotContain(host.Commands, command => command.Verb == "AUTH");
    }

    [Fact] // A password that others may read is not used; mail waits until that is mended.
    public async Task Deliver_PasswordFileOpenToOthers_IsDeferredUntilMended()
    {
        AddRoute(0, "*", "ann");
        var host = _lab.StartHost("upstream.test", Upstream("upstream.test"));
        var options = _lab.Get<IOptions<RoutingOptions>>().Value;
        Assert.Single(options.Routes);
        File.SetUnixFileMode(_password, OwnerOnly | UnixFileMode.GroupRead);

        var attempt = await _lab.DeliverAsync("a.test");
        var failure = Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome).Failure;
        Assert.Equal("auth-failed", failure.Reason);
        Assert.Contains($"chmod 600 {_password}", failure.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(host.Commands, command => command.Verb == "AUTH");

        File.SetUnixFileMode(_password, OwnerOnly);
        Assert.IsType<DeliveryOutcome.Delivered>((await _lab.DeliverAsync("a.test")).Recipients[0].Outcome);
    }

    [Fact] // HARD-14: no message goes out under an account that is not meant for it
    public async Task Deliver_TwoAccountsAtOneHost_ShareNoConnection()
    {
        AddRoute(0, "a.test", "ann");
        AddRoute(1, "b.test", "bob");
        _lab.Settings["Relay:Routes:2:Domain"] = "c.test";
        _lab.Settings["Relay:Routes:2:NextHop"] = "upstream.test";
        var host = _lab.StartHost("upstream.test", Upstream("upstream.test"));

        foreach (var domain in (string[])["a.test", "b.test", "c.test", "a.test", "b.test", "c.test"])
        {
            Assert.IsType<DeliveryOutcome.Delivered>((await _lab.DeliverAsync(domain)).Recipients[0].Outcome);
        }

        Assert.Equal(6, host.Messages.Count);
        Assert.All(host.Messages, message => Assert.Equal(
            message.Recipients[0] != "ann@c.test", message.MailLine.EndsWith(" AUTH=<>", StringComparison.Ordinal)));
        Assert.Equal(2, host.Commands.Count(command => command.Verb == "AUTH"));
    }

    [Theory]
    [InlineData(null, "{file}", "upstream.test", "Relay:Routes:0:Login: it is not set")]
    [InlineData("ann", null, "upstream.test", "Relay:Routes:0:PasswordFile: it is not set")]
    [InlineData("ann", "{file}", "192.0.2.1", "Relay:Routes:0:Login: it needs a next hop with a name")]
    [InlineData("ann", "/nowhere/password", "upstream.test", "Relay:Routes:0:PasswordFile: \"/nowhere/password\" cannot be used")]
    public async Task Options_BadLogin_NamesKeyAndRemedy(string? login, string? file, string nextHop, string message)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = "*";
        lab.Settings["Relay:Routes:0:NextHop"] = nextHop;
        lab.Settings["Relay:Routes:0:Login"] = login;
        lab.Settings["Relay:Routes:0:PasswordFile"] = file?.Replace("{file}", _password, StringComparison.Ordinal);

        var fault = Assert.Throws<OptionsValidationException>(() => lab.Get<IOptions<RoutingOptions>>().Value);

        Assert.StartsWith(message, Assert.Single(fault.Failures), StringComparison.Ordinal);
    }

    public async ValueTask InitializeAsync()
    {
        await File.WriteAllTextAsync(_password, "pässword\nnot this\n");
        File.SetUnixFileMode(_password, OwnerOnly);
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        File.Delete(_password);
    }

    private void AddRoute(int index, string domain, string login)
    {
        _lab.Settings[$"Relay:Routes:{index}:Domain"] = domain;
        _lab.Settings[$"Relay:Routes:{index}:NextHop"] = "upstream.test";
        _lab.Settings[$"Relay:Routes:{index}:Login"] = login;
        _lab.Settings[$"Relay:Routes:{index}:PasswordFile"] = _password;
    }

    // The line with the password is, to this host, a command of its own.
    private MxBehavior Upstream(string certified)
    {
        var behavior = new MxBehavior
        {
            Certificate = _lab.Authority.Issue(certified),
            ExtensionsInTls = ["PIPELINING", "AUTH LOGIN PLAIN"],
        }.At("AUTH", MxAction.Reply("334 "));
        return ((string[])["ann@isp.test", "ann", "bob"]).Aggregate(
            behavior, (known, login) => known.At(Message(login).ToUpperInvariant(), MxAction.Reply("235 2.7.0 Welcome")));
    }

    private static string Message(string login) =>
        Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes($"\0{login}\0pässword"));
}
