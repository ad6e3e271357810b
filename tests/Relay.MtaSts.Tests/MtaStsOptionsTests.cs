using Relay.MtaSts.Tests.Lab;

namespace Relay.MtaSts.Tests;

public sealed class MtaStsOptionsTests
{
    [Fact] // Every fault by key, value and remedy
    public void Options_OutOfRange_AreNamedTogether()
    {
        var options = new MtaStsOptions
        {
            FetchTimeout = TimeSpan.FromHours(1),
            FetchPort = 70_000,
            TrustedRootsFile = "/no/such/file.pem",
            RefreshInterval = TimeSpan.Zero,
            UnknownPolicyPatience = TimeSpan.FromDays(6),
            Domains = [new() { Domain = "a..b", Mode = OverrideMode.None }],
        };
        var failures = new MtaStsOptionsValidator().Validate(null, options).Failures?.ToList();
        Assert.NotNull(failures);
        Assert.Equal(
            ["FetchTimeout", "RefreshInterval", "UnknownPolicyPatience", "FetchPort", "TrustedRootsFile", "Domains:0:Domain", "Domains:0:Mode"],
            failures.Select(failure => failure["MtaSts:".Length..failure.IndexOf(": ", StringComparison.Ordinal)]));
    }

    [Fact]
    public void Options_Default_AreValid() => Assert.True(new MtaStsOptionsValidator().Validate(null, new()).Succeeded);

    [Fact] // MtaSts:Enabled
    public async Task Disabled_AsksNobody()
    {
        await using var lab = StsLab.Start(("MtaSts:Enabled", "false"));
        lab.Publish("example.test", "1", StsLab.Policy("enforce", 60, "mx.example.test"));
        var attempt = Attempts.To("example.test", "mx.evil.test");
        await lab.Middleware.InvokeAsync(
            attempt, Attempts.Transport(_ => (Delivery.TlsSessionResult.Established, Attempts.Good, string.Empty)), StsLab.Token);
        Assert.IsType<Delivery.DeliveryOutcome.Delivered>(attempt.Recipients[0].Outcome);
        Assert.Empty(lab.Dns.Queries.All);
    }
}
