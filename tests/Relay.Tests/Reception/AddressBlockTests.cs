using System.Net;
using Relay.Reception;

namespace Relay.Tests.Reception;

public sealed class AddressBlockTests
{
    [Theory] // HARD-15, RFC 4291 §2.5.1, RFC 6177 §1
    [InlineData("192.0.2.1", "192.0.2.1", true, true)]
    [InlineData("192.0.2.1", "192.0.2.2", false, true)]
    [InlineData("192.0.2.1", "192.0.3.1", false, false)]
    [InlineData("192.0.2.1", "::ffff:192.0.2.1", true, true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:1:ffff::9", true, true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:0:2::1", false, true)]
    [InlineData("2001:db8:0:1::1", "2001:db8:1:1::1", false, false)]
    [InlineData("::1", "127.0.0.1", false, false)]
    public void Addresses_OfOneClientOrNetwork_AreOneBlock(string one, string other, bool sameClient, bool sameNetwork)
    {
        var (a, b) = (IPAddress.Parse(one), IPAddress.Parse(other));
        Assert.Equal(sameClient, AddressBlock.OfClient(a) == AddressBlock.OfClient(b));
        Assert.Equal(sameNetwork, AddressBlock.OfNetwork(a) == AddressBlock.OfNetwork(b));
    }
}
