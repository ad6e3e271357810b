using Relay.Lab.Mx;

namespace Relay.Tests.Enforcement;

/// <summary>An MX host whose name is an alias: policy and certificate are held to the name that the MX record gives.</summary>
public sealed class AliasedHostTests : IAsyncLifetime
{
    private const string Domain = "one.test";
    private const string Alias = "alias.one.test";
    private const string Target = "mx.one.test";

    private readonly PolicyLab _lab = new();

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public ValueTask DisposeAsync() => _lab.DisposeAsync();

    [Fact] // STS-55, RFC 8461 §4.1
    public async Task Alias_OfAListedHost_IsRefusedWithoutConnection()
    {
        var host = AddHost(Alias, Target);
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, Target));
        await using var relay = await _lab.StartRelayAsync();
        var fate = await PolicyLab.SendAndSeeAsync(relay, $"ann@{Domain}");
        Assert.Equal("deferred", PolicyLab.EventOf(fate));
        Assert.Contains($"{Alias} is not listed in the policy", fate, StringComparison.Ordinal);
        Assert.Empty(host.Connections);
    }

    [Fact] // STS-55, STS-66, RFC 8461 §4.1, §4.2
    public async Task Alias_ListedItself_IsVerifiedByItsOwnName()
    {
        var host = AddHost(Alias);
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, Alias));
        await using var relay = await _lab.StartRelayAsync();
        var fate = await PolicyLab.SendAndSeeAsync(relay, $"ann@{Domain}");
        Assert.Equal("delivered", PolicyLab.EventOf(fate));
        Assert.Contains(" verified=pkix sts=enforce sts-id=1 ", fate, StringComparison.Ordinal);
        Assert.Equal(Alias, Assert.Single(host.Connections).ServerName);
    }

    // A host with a certificate for these names, under the name of the target.
    private LabMx AddHost(params string[] names)
    {
        var host = _lab.AddGoodMx(names);
        _lab.Point(Target, host);
        _lab.Dns.Zone.AddCname(Alias, Target);
        _lab.SetMx(Domain, Alias);
        return host;
    }
}
