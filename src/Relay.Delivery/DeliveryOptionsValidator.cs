using System.Net;
using Microsoft.Extensions.Options;
using Relay.Tls;

namespace Relay.Delivery;

internal sealed class DeliveryOptionsValidator : IValidateOptions<DeliveryOptions>
{
    private static readonly TimeSpan MinConnectTimeout = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MaxConnectTimeout = TimeSpan.FromMinutes(5);

    public ValidateOptionsResult Validate(string? name, DeliveryOptions options)
    {
        var faults = new List<string>();
        CheckRange(faults, "Delivery:Port", options.Port, IPEndPoint.MaxPort);
        CheckRange(faults, "Delivery:MaxConcurrency", options.MaxConcurrency, 100_000);
        CheckRange(faults, "Delivery:MaxPerSite", options.MaxPerSite, 100_000);
        if (options.ConnectTimeout < MinConnectTimeout || options.ConnectTimeout > MaxConnectTimeout)
        {
            faults.Add($"Delivery:ConnectTimeout: {options.ConnectTimeout} is out of range; "
                + "write 00:00:01 to 00:05:00");
        }

        for (var i = 0; i < options.BindAddresses.Count; i++)
        {
            if (!IPAddress.TryParse(options.BindAddresses[i], out _))
            {
                faults.Add($"Delivery:BindAddresses:{i}: \"{options.BindAddresses[i]}\" is not an address; "
                    + "write 192.0.2.1 or 2001:db8::1");
            }
        }

        CheckTimeouts(faults, options);
        if (TrustedRoots.FaultOf("Delivery:TrustedRootsFile", options.TrustedRootsFile) is { } fault)
        {
            faults.Add(fault);
        }

        return faults.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(faults);
    }

    private static void CheckRange(List<string> faults, string key, int value, int max)
    {
        if (value < 1 || value > max)
        {
            faults.Add($"{key}: {value} is out of range; write 1 to {max}");
        }
    }

    private static void CheckTimeouts(List<string> faults, DeliveryOptions options)
    {
        var timeouts = options.Timeouts;
        ReadOnlySpan<(string Key, TimeSpan Value)> limits =
        [
            ("Greeting", timeouts.Greeting), ("Hello", timeouts.Hello), ("Handshake", timeouts.Handshake),
            ("Mail", timeouts.Mail), ("Recipient", timeouts.Recipient), ("Data", timeouts.Data),
            ("Block", timeouts.Block), ("EndOfData", timeouts.EndOfData), ("Quit", timeouts.Quit),
        ];
        foreach (var (key, value) in limits)
        {
            if (value <= TimeSpan.Zero || value > TimeSpan.FromHours(1))
            {
                faults.Add($"Delivery:Timeouts:{key}: {value} is out of range; write 00:00:01 to 01:00:00");
            }
        }

        ReadOnlySpan<(string Key, TimeSpan Value)> totals =
            [("Envelope", timeouts.Envelope), ("ContentGrace", timeouts.ContentGrace)];
        foreach (var (key, value) in totals)
        {
            if (value < TimeSpan.FromMinutes(1) || value > TimeSpan.FromDays(1))
            {
                faults.Add($"Delivery:Timeouts:{key}: {value} is out of range; write 00:01:00 to 1.00:00:00");
            }
        }

        CheckRange(faults, "Delivery:Timeouts:MinOctetsPerSecond", timeouts.MinOctetsPerSecond, 100_000);
    }
}
