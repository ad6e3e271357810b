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
    public void Contains_Configured_ReplacesTheDefault(string network, string address, bool trusted)
    {
        var networks = TrustedNetworks.From(new RelayOptions { TrustedNetworks = [network] });
        Assert.Equal(trusted, networks.Contains(IPAddress.Parse(address)));
        Assert.False(networks.Contains(IPAddress.Loopback));
    }

    [Fact] // A list that could not be read must not trust the world.
    public void Contains_UnreadableNetwork_TrustsNobody() =>
        Assert.False(TrustedNetworks.From(new RelayOptions { TrustedNetworks = ["nonsense"] }).Contains(IPAddress.Loopback));
}
