using System.Net;
using Relay.Configuration;

namespace Relay.Tests.Configuration;

public sealed class TrustedNetworksTests
{
    [Theory] // SMTP-66, RFC 5321 §7.9
    [InlineData("127.0.0.1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("::1", true)]
    [InlineData("192.0.2.1", false)]
    [InlineData("::", false)]
    [InlineData("0.0.0.0", false)]
    public void Contains_ByDefault_IsLoopbackOnly(string address, bool trusted) =>
        Assert.Equal(trusted, TrustedNetworks.From(new RelayOptions()).Contains(IPAddress.Parse(address)));

    [Theory]
    [InlineData("192.0.2.0/24", "192.0.2.200", true)]
    [InlineData("192.0.2.0/24", "192.0.3.1", false)]
    [InlineData("2001:db8::/32", "2001:db8:1::1", true)]
    [InlineData("192.0.2.9", "192.0.2.9", true)]
    [InlineData("192.0.2.9", "192.0.2.8", false)]
    [InlineData("0.0.0.0/0", "198.51.100.1", true)]
    [InlineData("0.0.0.0/0", "::ffff:198.51.100.1", true)]
    [InlineData("0.0.0.0/0", "2001:db8::1", false)]
    [InlineData("0.0.0.0/1", "127.255.255.255", true)]
    [InlineData("::/0", "2001:db8::1", true)]
    [InlineData("::ffff:192.0.2.9", "192.0.2.9", true)]
    [InlineData("::ffff:192.0.2.0/120", "192.0.2.200", true)]
    [InlineData("::ffff:192.0.2.0/120", "192.0.3.1", false)]
    public void Contains_Configured_ReplacesTheDefault(string network, string address, bool trusted)
    {
        var networks = TrustedNetworks.From(new RelayOptions { TrustedNetworks = [network] });
        Assert.Equal(trusted, networks.Contains(IPAddress.Parse(address)));
        Assert.Equal(network is "0.0.0.0/0" or "0.0.0.0/1", networks.Contains(IPAddress.Loopback));
    }

    [Theory] // what the platform would read as another network than the one that is written, or as one
    [InlineData("10.1")]
    [InlineData("10")]
    [InlineData("10/8")]
    [InlineData("010.0.0.0/8")]
    [InlineData("0x0a000001")]
    [InlineData("10.1.2.3/16")]
    [InlineData("10.0.0.0/33")]
    [InlineData("10.0.0.0/")]
    [InlineData("10.0.0.0/8/8")]
    [InlineData("2001:db8::1/32")]
    [InlineData("[2001:db8::1]:25")]
    [InlineData("[2001:db8::]/32")]
    [InlineData("fe80::1%1")]
    [InlineData("192.0.2.1:25")]
    [InlineData("all")]
    [InlineData("")]
    public void TryParse_WhatIsNoNetwork_IsRefused(string text)
    {
        Assert.False(TrustedNetworks.TryParse(text, out _));
        var faults = new RelayOptionsValidator().Validate(null, new RelayOptions { HostName = "relay.test", TrustedNetworks = [text] }).Failures!;
        Assert.StartsWith($"Relay:TrustedNetworks:0: \"{text}\" is not a network; ", Assert.Single(faults), StringComparison.Ordinal);
    }

    [Fact] // A list that could not be read must not trust the world.
    public void Contains_UnreadableNetwork_TrustsNobody() =>
        Assert.False(TrustedNetworks.From(new RelayOptions { TrustedNetworks = ["nonsense"] }).Contains(IPAddress.Loopback));
}
