using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Relay.Dns.Servers;

namespace Relay.Dns.Tests;

public class DnsOptionsTests
{
    [Fact]
    public void Options_Configured_AreBound()
    {
        var options = Bind(
            ("Dns:Servers:0", "192.0.2.53"), ("Dns:Servers:1", "[2001:db8::53]:5353"), ("Dns:TrustedServers:0", "192.0.2.53:53"),
            ("Dns:Timeout", "00:00:02"), ("Dns:Attempts", "3"), ("Dns:CacheSize", "10"),
            ("Dns:Nat64Prefixes:0", "2001:db8:64::/96"));

        Assert.Equal(["192.0.2.53", "[2001:db8::53]:5353"], options.Servers);
        Assert.Equal(["2001:db8:64::/96"], options.Nat64Prefixes);
        Assert.Equal((TimeSpan.FromSeconds(2), 3, 10), (options.Timeout, options.Attempts, options.CacheSize));
    }

    [Theory]
    [InlineData("Dns:Servers:0", "foo", "Dns:Servers:0: \"foo\" is not an address; write 192.0.2.53 or [2001:db8::53]:5353")]
    [InlineData("Dns:Servers:0", "53", "Dns:Servers:0: \"53\" is not an address")]
    [InlineData("Dns:Servers:0", "192.0.2.53:99999", "Dns:Servers:0: \"192.0.2.53:99999\" is not an address")]
    [InlineData("Dns:TrustedServers:0", "dns.example", "Dns:TrustedServers:0: \"dns.example\" is not an address")]
    [InlineData("Dns:TrustedServers:0", "192.0.2.1", "Dns:TrustedServers:0: \"192.0.2.1\" is not among Dns:Servers; add it there or remove it here")]
    [InlineData("Dns:Nat64Prefixes:0", "2001:db8:64::/97", "Dns:Nat64Prefixes:0: \"2001:db8:64::/97\" is no NAT64 prefix; write 2001:db8:64::/96, of length 32, 40, 48, 56, 64 or 96")]
    [InlineData("Dns:Nat64Prefixes:0", "2001:db8:64::", "Dns:Nat64Prefixes:0: \"2001:db8:64::\" is no NAT64 prefix")]
    [InlineData("Dns:Nat64Prefixes:0", "10.0.0.0/32", "Dns:Nat64Prefixes:0: \"10.0.0.0/32\" is no NAT64 prefix")]
    [InlineData("Dns:Timeout", "00:00:00", "Dns:Timeout: \"00:00:00\" is out of range; write 00:00:00.1 to 00:01:00")]
    [InlineData("Dns:Attempts", "0", "Dns:Attempts: \"0\" is out of range; write a number from 1 to 10")]
    [InlineData("Dns:CacheSize", "-1", "Dns:CacheSize: \"-1\" is out of range; write a number from 0 to 10000000")]
    public void Options_Wrong_AreRefusedWithKeyValueAndRemedy(string key, string value, string message)
    {
        var failure = Assert.Throws<OptionsValidationException>(() => Bind(("Dns:Servers:1", "192.0.2.53"), (key, value)));

        Assert.Contains(failure.Failures, text => text.StartsWith(message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("192.0.2.53", "192.0.2.53:53")]
    [InlineData("192.0.2.53:5353", "192.0.2.53:5353")]
    [InlineData("::1", "[::1]:53")]
    [InlineData("[::1]", "[::1]:53")]
    [InlineData("[::1]:5353", "[::1]:5353")]
    public void ServerAddress_AsPeopleWriteIt_IsRead(string text, string expected)
    {
        Assert.Equal(expected, ServerAddress.ParseOrNull(text)?.ToString());
    }

    private static DnsOptions Bind(params (string Key, string Value)[] settings)
    {
        using var services = new ServiceCollection()
            .AddSingleton<IConfiguration>(new ConfigurationBuilder()
                .AddInMemoryCollection(settings.Select(setting => KeyValuePair.Create<string, string?>(setting.Key, setting.Value))).Build())
            .AddLogging()
            .AddRelayDns()
            .BuildServiceProvider();
        return services.GetRequiredService<IOptions<DnsOptions>>().Value;
    }
}
