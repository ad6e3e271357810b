using System.Globalization;
using Relay.Lab;
using Relay.Lab.Dns;
using Relay.Lab.Mx;
using Relay.Lab.PolicyHosts;

namespace Relay.Tests.Enforcement;

/// <summary>
/// The real program, killed with SIGKILL while it meets a policy for the first time, and started again with DNS and the policy
/// host telling nothing: what it once applied it goes on applying.
/// </summary>
public sealed class KilledRelayTests : IAsyncLifetime
{
    private const string Domain = "one.test";
    private const string Mx = "mx.one.test";
    private const string Record = "_mta-sts.one.test";
    private const string PolicyHost = "mta-sts.one.test";
    private const int MaxDelay = 120;

    private readonly PolicyLab _lab = new();
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("relay-killed-");
    private readonly List<LabMx> _hosts = [];

    // No STARTTLS: mail goes there in clear as soon as nothing forbids it.
    private LabMx Host => _hosts[0];

    public ValueTask InitializeAsync()
    {
        _hosts.Add(_lab.AddMx(_lab.Good(Mx) with { OffersStartTls = false }));
        _lab.Point(Mx, Host);
        _lab.SetMx(Domain, Mx);
        return ValueTask.CompletedTask;
    }

    public async ValueTask DisposeAsync()
    {
        await _lab.DisposeAsync();
        _directory.Delete(recursive: true);
    }

    [Theory] // STS-49, RFC 8461 §10.2
    [InlineData("record asked")]
    [InlineData("policy requested")]
    [InlineData("policy-first-seen")]
    [InlineData("host connected")]
    [InlineData("mx-refused")]
    [InlineData("deferred")]
    public async Task Kill_AtAStepOfFirstContact_WhatWasAppliedGoesOn(string step)
    {
        _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, Mx));
        var settings = Settings("step");
        await using var relay = await RelayProcess.StartAsync(_directory.FullName, settings, PolicyLab.Token);
        await SendAsync(relay, "ann");
        await ReachAsync(relay, step);
        await KillAsync(relay);
        var wasApplied = WasApplied(relay, 0);
        Assert.True(wasApplied || step is "record asked" or "policy requested" or "policy-first-seen");
        await AssertGoesOnAsync(settings, wasApplied);
    }

    [Fact] // STS-49, RFC 8461 §10.2
    public async Task Kill_AtRandomMomentsOfFirstContact_WhatWasAppliedGoesOn()
    {
#pragma warning disable CA5394 // A test that fails has to fail again.
        var random = new Random(20_261_123);
        for (var life = 0; life < 6; life++)
        {
            var connections = Host.Connections.Count;
            _lab.Dns.ClearFaults();
            _lab.Publish(Domain, "1", PolicyLab.Policy("enforce", PolicyLab.LongAge, Mx));
            var settings = Settings(string.Create(CultureInfo.InvariantCulture, $"life{life}"));
            await using var relay = await RelayProcess.StartAsync(_directory.FullName, settings, PolicyLab.Token);
            await SendAsync(relay, "ann");

            // Not a wait for anything: the moment is the point.
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(MaxDelay)), TimeProvider.System, PolicyLab.Token);
            await KillAsync(relay);
            await AssertGoesOnAsync(settings, WasApplied(relay, connections));
        }
#pragma warning restore CA5394
    }

    private async Task ReachAsync(RelayProcess relay, string step)
    {
        switch (step)
        {
            case "record asked":
                await _lab.Dns.Queries.ReceivedAsync(Record, LabDnsType.Txt, 1, PolicyLab.Token);
                break;
            case "policy requested":
                await _lab.Dns.Queries.ReceivedAsync(PolicyHost, LabDnsType.A, 1, PolicyLab.Token);
                break;
            case "host connected":
                await Host.WaitForConnectionsAsync(1, PolicyLab.Token);
                break;
            default:
                await relay.WaitForEventAsync(step, Domain, PolicyLab.Token);
                break;
        }
    }

    // A connection is made only once the policy has been decided on.
    private bool WasApplied(RelayProcess relay, int connections) =>
        Host.Connections.Count > connections || relay.Events("mx-refused").Count > 0 || relay.Events("deferred").Count > 0;

    private async Task AssertGoesOnAsync(Dictionary<string, string> settings, bool wasApplied)
    {
        var clear = Host.Messages.Count;
        _lab.Dns.SetFault(Record, LabDnsType.None, LabDnsFault.ServerFailure);
        _lab.Dns.SetFault(PolicyHost, LabDnsType.None, LabDnsFault.ServerFailure);
        _lab.Web.Play(PolicyHost, new PolicyHostScript());
        await using var relay = await RelayProcess.StartAsync(_directory.FullName, settings, PolicyLab.Token);
        await SendAsync(relay, "bob");
        if (wasApplied)
        {
            var fate = await relay.WaitForEventAsync("deferred", " to=<bob@one.test> ", PolicyLab.Token);
            Assert.Contains(" sts=enforce sts-id=1 ", fate, StringComparison.Ordinal);
            Assert.Equal(clear, Host.Messages.Count);
            Assert.Empty(relay.Events("delivered"));
        }
        else
        {
            // The policy was stored and not yet used, or never had: either is honest.
            await relay.Process.WaitForLineAsync(
                line => line.Contains(" to=<bob@one.test> ", StringComparison.Ordinal) && PolicyLab.EventOf(line) is "deferred" or "delivered",
                PolicyLab.Token);
        }

        await KillAsync(relay);
    }

    private Dictionary<string, string> Settings(string name)
    {
        var directory = _directory.CreateSubdirectory(name).FullName;
        var settings = RelayProcess.LabSettings(directory, _lab.Dns.Address, _lab.MxPort);
        settings["Delivery:TrustedRootsFile"] = _lab.RootsFile;
        settings["MtaSts:TrustedRootsFile"] = _lab.RootsFile;
        settings["MtaSts:FetchPort"] = string.Create(CultureInfo.InvariantCulture, $"{_lab.Web.EndPoint.Port}");
        settings["MtaSts:AllowPrivateHosts"] = "true";

        // Without this, what is unknown would be held back as well, and nothing would be proved.
        settings["MtaSts:UnknownPolicyPatience"] = "00:00:00";
        settings["Queue:RetrySchedule:0"] = "00:00:01";
        return settings;
    }

    private static async Task SendAsync(RelayProcess relay, string user)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, PolicyLab.Token);
        await talk.SendAsync("app@corp.test", [$"{user}@{Domain}"], "Subject: x\r\n\r\nbody\r\n", "250 2.0.0", PolicyLab.Token);
    }

    private static Task KillAsync(RelayProcess relay) => relay.Process.KillAsync(PolicyLab.Token);
}
