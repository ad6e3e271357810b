namespace Relay.Tests.Enforcement;

/// <summary>
/// One relay for all rows of the enforcement table; each row and mode has a domain of its own. What is deferred stays away for
/// longer than any row takes, so that each message has one attempt.
/// </summary>
public sealed class TableRelay : IAsyncLifetime
{
    /// <summary>Limits no two of which are alike, so that a test can wait until one of them runs.</summary>
    internal static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(43.211);
    internal static readonly TimeSpan GreetingTimeout = TimeSpan.FromSeconds(293.419);
    internal static readonly TimeSpan HandshakeTimeout = TimeSpan.FromSeconds(47.613);
    internal static readonly TimeSpan FetchTimeout = TimeSpan.FromSeconds(53.827);

    internal PolicyLab Lab { get; } = new();

    internal RelayUnderTest Relay { get; private set; } = null!;

    /// <summary>The host of a fixed route, in the policy's place.</summary>
    internal static string SmartHost(string mode) => $"hop.{mode.Replace('_', '-')}.smart.test";

    public async ValueTask InitializeAsync()
    {
        List<(string, string)> settings =
        [
            ("Queue:RetrySchedule:0", "1.00:00:00"),
            ("Delivery:ConnectTimeout", $"{ConnectTimeout}"),
            ("Delivery:Timeouts:Greeting", $"{GreetingTimeout}"),
            ("Delivery:Timeouts:Handshake", $"{HandshakeTimeout}"),
            ("MtaSts:FetchTimeout", $"{FetchTimeout}"),
        ];
        foreach (var (index, mode) in EnforcementRow.Modes.Index())
        {
            settings.Add(($"Relay:Routes:{index}:Domain", EnforcementRow.Of("smart-host-route").Domain(mode)));
            settings.Add(($"Relay:Routes:{index}:NextHop", SmartHost(mode)));
        }

        Relay = await Lab.StartRelayAsync([.. settings]);
    }

    public async ValueTask DisposeAsync()
    {
        await Relay.DisposeAsync();
        await Lab.DisposeAsync();
    }
}
