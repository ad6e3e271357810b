using System.Net;
using Relay.Lab;
using Relay.Lab.Dns;
using Relay.Lab.Mx;

namespace Relay.Protocol.Tests;

/// <summary>Which host a message goes to: what the name server is asked, and who is connected to.</summary>
public sealed class FindingHostsTests : IAsyncLifetime
{
    // Where nobody listens.
    private const string Dead = "127.0.0.200";

    private readonly LabInternet _lab = new();

    public FindingHostsTests() => Sender = AddDomain("corp.test");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static MxBehavior Busy => new MxBehavior().At(MxRule.Connect, MxAction.ReplyAndClose("421 4.3.2 Busy"));

    // Where notifications come to.
    private LabMx Sender { get; }

    private LabZone Zone => _lab.Dns.Zone;

    private IEnumerable<LabDnsQuery> HostQueries =>
        _lab.Dns.Queries.All.Where(query => query.Type is LabDnsType.Mx or LabDnsType.A or LabDnsType.Aaaa);

    [Fact] // RFC 5321 §5.1: the recipient domain is resolved through MX first
    public async Task SMTP_01_MxRecordsAreAskedForBeforeAddresses()
    {
        var mx = AddDomain("one.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");
        await mx.WaitForMessagesAsync(1, Cancel);

        var asked = HostQueries.Select(query => (query.Name, query.Type)).ToList();
        Assert.Equal(("one.test", LabDnsType.Mx), asked[0]);
        Assert.All(asked.Skip(1), query => Assert.Equal("mx.one.test", query.Name));
    }

    [Fact] // RFC 5321 §5.1: without MX records the domain itself acts as MX with preference 0
    public async Task SMTP_02_ADomainWithAnAddressOnlyGetsItsMail()
    {
        var host = _lab.AddHost("one.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        Assert.Equal("RCPT TO:<ann@one.test>", Assert.Single((await host.WaitForMessagesAsync(1, Cancel))[0].RecipientLines));
    }

    [Fact] // RFC 5321 §5.1: if MX records exist, the domain's own address is not used, also when all MX hosts fail
    public async Task SMTP_03_TheDomainsOwnAddressIsNotUsedWhereMxRecordsExist()
    {
        var own = _lab.AddHost("one.test");
        Zone.AddMx("one.test", 10, "mx.one.test").AddA("mx.one.test", Dead);
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await relay.Log.NextAsync("deferred", Cancel);
        Assert.Empty(own.Connections);
        Assert.DoesNotContain(HostQueries, query => query.Name == "one.test" && query.Type != LabDnsType.Mx);
    }

    [Fact] // RFC 5321 §5.1: a non-existent domain is reported as an error
    public async Task SMTP_04_ADomainThatDoesNotExistIsReported()
    {
        await using var relay = await _lab.StartRelayAsync();
        var notice = await ReturnedAsync(relay, "ann@nowhere.test");

        Assert.Equal("5.1.2", notice.OfRecipient("Status"));
    }

    [Fact] // RFC 5321 §5.1: a temporary DNS failure queues the message
    public async Task SMTP_04_ATemporaryFailureOfDnsQueuesTheMessage()
    {
        var mx = AddDomain("one.test");
        _lab.Dns.SetFault("one.test", LabDnsType.Mx, LabDnsFault.ServerFailure);
        await using (var relay = await _lab.StartRelayAsync())
        {
            await relay.SubmitAsync(Cancel, "ann@one.test");
            await relay.Log.NextAsync("deferred", Cancel);
        }

        _lab.Dns.ClearFaults();
        await using var later = await _lab.StartRelayAsync(new ManualClock(TimeProvider.System.GetUtcNow().AddMinutes(20)));
        await mx.WaitForMessagesAsync(1, Cancel);
        Assert.Empty(Sender.Messages);
    }

    [Fact] // RFC 5321 §5.1: the result of a CNAME is processed as if it were the original name
    public async Task SMTP_05_AnAliasReachesTheMxOfItsTarget()
    {
        var mx = AddDomain("one.test");
        Zone.AddCname("alias.test", "one.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@alias.test");

        Assert.Equal("RCPT TO:<ann@alias.test>", Assert.Single((await mx.WaitForMessagesAsync(1, Cancel))[0].RecipientLines));
    }

    [Theory] // RFC 5321 §5.1: MX hosts are tried in order of increasing preference value
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    public async Task SMTP_06_HostsAreTriedInOrderOfPreference(int unwilling)
    {
        // In the zone the order is another.
        int[] preferences = [30, 10, 20];
        var hosts = preferences.ToDictionary(
            preference => preference,
            preference => AddMx("one.test", preference, $"mx{preference}.one.test", preference / 10 <= unwilling ? Busy : new()));
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await hosts[10 + (10 * unwilling)].WaitForMessagesAsync(1, Cancel);
        Assert.Equal(
            preferences.Order().Select(preference => preference / 10 <= unwilling + 1 ? 1 : 0),
            preferences.Order().Select(preference => hosts[preference].Connections.Count));
    }

    [Fact] // RFC 5321 §5.1: hosts of equal preference are tried in random order
    public async Task SMTP_07_HostsOfEqualPreferenceAreChosenAtRandom()
    {
        const int Messages = 40;
        var one = AddMx("one.test", 10, "mx1.one.test");
        var other = AddMx("one.test", 10, "mx2.one.test");
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        for (var message = 0; message < Messages; message++)
        {
            await talk.SendAsync("app@corp.test", ["ann@one.test"], PlainMessage.Text, "250", Cancel);
            await relay.Log.NextAsync("delivered", Cancel);
        }

        // Both sides are left out once in 2^39 runs.
        Assert.NotEmpty(one.Messages);
        Assert.NotEmpty(other.Messages);
        Assert.Equal(Messages, one.Messages.Count + other.Messages.Count);
    }

    [Fact] // RFC 5321 §5.1: several addresses are tried in turn until one works
    public async Task SMTP_08_TheNextAddressIsTriedWhereTheFirstRefuses()
    {
        var busy = _lab.AddHost("busy.test", Busy);
        var willing = _lab.AddHost("willing.test");
        Zone.AddMx("one.test", 10, "mx.one.test").AddA("mx.one.test", Dead)
            .AddAddress("mx.one.test", busy.EndPoint.Address).AddAddress("mx.one.test", willing.EndPoint.Address);
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await willing.WaitForMessagesAsync(1, Cancel);
        Assert.Single(busy.Connections);
    }

    [Theory] // RFC 5321 §5.1: at least two addresses are tried; the cap of ten cannot be set, so not set below two either
    [InlineData(1)]
    [InlineData(9)]
    public async Task SMTP_09_TwoAddressesAndMoreAreTried(int dead)
    {
        var willing = _lab.AddHost("willing.test");
        Zone.AddMx("one.test", 10, "mx.one.test");
        for (var i = 0; i < dead; i++)
        {
            Zone.AddAddress("mx.one.test", new IPAddress([127, 0, 0, (byte)(200 + i)]));
        }

        Zone.AddAddress("mx.one.test", willing.EndPoint.Address);
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await willing.WaitForMessagesAsync(1, Cancel);
    }

    [Theory] // RFC 5321 §5.2: both address families are supported; a missing family is not an error
    [InlineData("::1")]
    [InlineData("127.0.0.9")]
    public async Task SMTP_10_AHostOfEitherFamilyIsReached(string address)
    {
        var target = IPAddress.Parse(address);
        Assert.SkipUnless(target.Equals(IPAddress.Parse("127.0.0.9")) || System.Net.Sockets.Socket.OSSupportsIPv6, "no IPv6 here");
        var host = _lab.AddHost("mx.one.test", address: target);
        Zone.AddMx("one.test", 10, "mx.one.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await host.WaitForMessagesAsync(1, Cancel);
    }

    [Fact] // RFC 5321 §5.1: with the relay itself among the MX hosts, entries of the same and higher preference values are discarded
    public async Task SMTP_11_OnlyHostsBetterThanTheRelayItselfAreTried()
    {
        var better = AddMx("one.test", 5, "mx5.one.test", Busy);
        var own = AddMx("one.test", 10, "relay.test");
        var same = AddMx("one.test", 10, "mx10.one.test");
        var worse = AddMx("one.test", 20, "mx20.one.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await relay.Log.NextAsync("deferred", Cancel);
        Assert.Single(better.Connections);
        Assert.All((LabMx[])[own, same, worse], host => Assert.Empty(host.Connections));
    }

    [Fact] // RFC 5321 §5.1: if none remains, the message is returned
    public async Task SMTP_11_WithTheRelayAsBestHostTheMessageIsReturned()
    {
        var own = AddMx("one.test", 10, "relay.test");
        var worse = AddMx("one.test", 20, "mx20.one.test");
        await using var relay = await _lab.StartRelayAsync();

        Assert.Equal("5.4.6", (await ReturnedAsync(relay, "ann@one.test")).OfRecipient("Status"));
        Assert.All((LabMx[])[own, worse], host => Assert.Empty(host.Connections));
    }

    [Fact] // RFC 5321 §5.1: if MX records exist but none is usable, an error is reported
    public async Task SMTP_12_MxRecordsThatLeadNowhereAreAnError()
    {
        var own = _lab.AddHost("one.test");
        Zone.AddMx("one.test", 10, "mx1.one.test").AddMx("one.test", 20, "mx2.one.test");
        await using var relay = await _lab.StartRelayAsync();

        Assert.Equal("5.4.4", (await ReturnedAsync(relay, "ann@one.test")).OfRecipient("Status"));
        Assert.Empty(own.Connections);
    }

    [Fact] // RFC 7505 §3, §4: a single null MX means that no mail is accepted: no connection, immediate failure with 5.1.10
    public async Task SMTP_13_ANullMxFailsAtOnceWithoutAnAddressQuery()
    {
        var own = _lab.AddHost("one.test");
        Zone.AddMx("one.test", 0, ".");
        await using var relay = await _lab.StartRelayAsync();

        Assert.Equal("5.1.10", (await ReturnedAsync(relay, "ann@one.test")).OfRecipient("Status"));
        Assert.Empty(own.Connections);
        Assert.DoesNotContain(HostQueries, query => query.Name == "one.test" && query.Type != LabDnsType.Mx);
    }

    [Fact] // RFC 7505 §4.1: a recipient refused at submission because of a null MX gets 556 with 5.1.10
    public async Task SMTP_14_ADomainKnownToTakeNoMailIsRefusedAtRcpt()
    {
        Zone.AddMx("silent.test", 0, ".");
        await using var relay = await _lab.StartRelayAsync();

        // Reception asks no name server: it is known from the first message on.
        await ReturnedAsync(relay, "ann@silent.test");
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync(PlainMessage.Mail, "250", Cancel);
        await talk.SayAsync("RCPT TO:<ann@silent.test>", "556 5.1.10", Cancel);
    }

    [Fact] // RFC 7505 §4.1, §4.2: a sender domain with a null MX may be refused by policy; this relay has none that does
    public async Task SMTP_15_ASenderWhoseDomainTakesNoMailMaySend()
    {
        var mx = AddDomain("one.test");
        Zone.AddMx("silent.test", 0, ".");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync("MAIL FROM:<app@silent.test>", ["RCPT TO:<ann@one.test>"], PlainMessage.Text, Cancel);

        Assert.Equal("app@silent.test", (await mx.WaitForMessagesAsync(1, Cancel))[0].ReversePath);
    }

    [Fact] // RFC 7505 §3: a null MX next to other MX records is a publisher's error; it is skipped, with a warning
    public async Task SMTP_16_ANullMxBesideOthersIsSkipped()
    {
        var mx = AddDomain("one.test");
        Zone.AddMx("one.test", 0, ".");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "ann@one.test");

        await mx.WaitForMessagesAsync(1, Cancel);
        Assert.Contains("one.test", await relay.Log.NextAsync("null-mx-ignored", Cancel), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §5.1: a relay does not complete partial names by guessing
    public async Task SMTP_17_ANameWithoutDotGetsNoSuffix()
    {
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync(PlainMessage.Mail, "250", Cancel);
        await talk.SayAsync("RCPT TO:<ann@host>", "550 5.1.2", Cancel);

        Assert.DoesNotContain(
            _lab.Dns.Queries.All, query => query.Name == "host" || query.Name.StartsWith("host.", StringComparison.Ordinal));
    }

    [Theory] // RFC 5321 §4.1.3: address literals in IPv4 and tagged IPv6 form are destinations
    [InlineData("127.0.0.9", "[127.0.0.9]")]
    [InlineData("::1", "[IPv6:::1]")]
    public async Task SMTP_18_AnAddressLiteralIsConnectedToDirectly(string address, string literal)
    {
        Assert.SkipUnless(!address.Contains(':', StringComparison.Ordinal) || System.Net.Sockets.Socket.OSSupportsIPv6, "no IPv6 here");
        var host = _lab.AddHost("unnamed.test", address: IPAddress.Parse(address));
        await using var relay = await _lab.StartRelayAsync(("Relay:AllowAddressLiterals", "true"));
        await relay.SubmitAsync(Cancel, $"ann@{literal}");

        Assert.Equal($"RCPT TO:<ann@{literal}>", Assert.Single((await host.WaitForMessagesAsync(1, Cancel))[0].RecipientLines));
        Assert.Empty(HostQueries);
    }

    [Fact] // RFC 5321 §4.1.3, departure: where they are not wanted, which is the default, their sender learns it at once
    public async Task SMTP_18_AnAddressLiteralIsRefusedUnlessAllowed()
    {
        var host = _lab.AddHost("unnamed.test");
        await using var relay = await _lab.StartRelayAsync();
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, Cancel);
        await talk.SayAsync("MAIL FROM:<printer@[192.0.2.7]>", "250", Cancel);
        await talk.SayAsync($"RCPT TO:<ann@[{host.EndPoint.Address}]>", "550 5.1.2", Cancel);
        await talk.SayAsync("RCPT TO:<ann@[IPv6:2001:db8::1]>", "550 5.1.2", Cancel);
        Assert.Contains("to=<ann@[", await relay.Log.NextAsync("relay-denied", Cancel), StringComparison.Ordinal);
    }

    [Fact] // RFC 5321 §4.1.1.3, §3.6.1: source routes are accepted and stripped; only the final mailbox is used
    public async Task SMTP_19_ASourceRouteIsStripped()
    {
        var mx = AddDomain("one.test");
        var hop = AddDomain("hop.test");
        await using var relay = await _lab.StartRelayAsync();
        await relay.SubmitAsync(Cancel, "@hop.test,@other.test:ann@one.test");

        Assert.Equal("RCPT TO:<ann@one.test>", Assert.Single((await mx.WaitForMessagesAsync(1, Cancel))[0].RecipientLines));
        Assert.Empty(hop.Connections);
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    /// <summary>What the sender is told of a message that cannot be delivered.</summary>
    private async Task<Notice> ReturnedAsync(RelayUnderTest relay, string recipient)
    {
        await relay.SubmitAsync(Cancel, recipient);
        var notice = Notice.Of((await Sender.WaitForMessagesAsync(1, Cancel))[0]);
        Assert.Equal("failed", notice.OfRecipient("Action"));
        return notice;
    }

    private LabMx AddDomain(string domain) => AddMx(domain, 10, $"mx.{domain}");

    private LabMx AddMx(string domain, int preference, string name, MxBehavior? behavior = null)
    {
        Zone.AddMx(domain, preference, name);
        return _lab.AddHost(name, behavior);
    }
}
