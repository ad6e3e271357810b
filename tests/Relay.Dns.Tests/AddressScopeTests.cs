using System.Net;

namespace Relay.Dns.Tests;

public sealed class AddressScopeTests
{
    [Theory] // STS-41
    [InlineData("192.0.2.1")]
    [InlineData("2001:db8::1")]
    [InlineData("64:ff9b::c000:201")]
    public void Address_OfThePublicInternet_IsPublic(string address) =>
        Assert.True(AddressScope.IsPublic(IPAddress.Parse(address)));
}
