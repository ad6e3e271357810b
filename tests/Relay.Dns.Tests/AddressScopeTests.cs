using System.Net;
using Microsoft.Extensions.Options;
using Relay.Lab;

namespace Relay.Dns.Tests;

public sealed class AddressScopeTests
{
    // iana-ipv4-special-registry and iana-ipv6-special-registry, row by row as "Globally Reachable" says; where that is no word, those that
    // wrap an IPv4 address stand below.
    public static TheoryData<string, bool> Registries { get; } = new()
    {
        { "0.0.0.0/8", false }, { "0.0.0.0/32", false }, { "10.0.0.0/8", false }, { "100.64.0.0/10", false }, { "127.0.0.0/8", false },
        { "169.254.0.0/16", false }, { "172.16.0.0/12", false }, { "192.0.0.0/24", false }, { "192.0.0.0/29", false },
        { "192.0.0.8/32", false }, { "192.0.0.9/32", true }, { "192.0.0.10/32", true }, { "192.0.0.170/32", false },
        { "192.0.0.171/32", false }, { "192.0.2.0/24", false }, { "192.31.196.0/24", true }, { "192.52.193.0/24", true },
        { "192.88.99.0/24", false }, { "192.88.99.2/32", false }, { "192.168.0.0/16", false }, { "192.175.48.0/24", true },
        { "198.18.0.0/15", false }, { "198.51.100.0/24", false }, { "203.0.113.0/24", false }, { "240.0.0.0/4", false },
        { "255.255.255.255/32", false },
        { "::1/128", false }, { "::/128", false }, { "64:ff9b:1::/48", false }, { "100::/64", false }, { "100:0:0:1::/64", false },
        { "2001::/23", false }, { "2001::/32", false }, { "2001:1::1/128", true }, { "2001:1::2/128", true }, { "2001:1::3/128", true },
        { "2001:2::/48", false }, { "2001:3::/32", true }, { "2001:4:112::/48", true }, { "2001:10::/28", false }, { "2001:20::/28", true },
        { "2001:30::/28", true }, { "2001:db8::/32", false }, { "2620:4f:8000::/48", true }, { "3fff::/20", false }, { "5f00::/16", false },
        { "fc00::/7", false }, { "fe80::/10", false },

        // RFC 5771 §3, RFC 4291 §2.7, RFC 3879 §4: in registries of their own.
        { "224.0.0.0/4", false }, { "ff00::/8", false }, { "fec0::/10", false },
    };

    [Theory] // STS-41, RPT-54, RFC 6890 §2.2
    [MemberData(nameof(Registries))]
    public void Address_OfASpecialBlock_IsPublicAsTheRegistrySays(string block, bool isPublic)
    {
        var network = IPNetwork.Parse(block);
        var scope = Scope();
        Assert.Equal(isPublic, scope.IsPublic(network.BaseAddress));
        Assert.Equal(isPublic, scope.IsPublic(LastOf(network)));
    }

    [Theory] // the neighbours of blocks, and addresses of the Internet
    [InlineData("1.1.1.1")]
    [InlineData("9.255.255.255")]
    [InlineData("11.0.0.0")]
    [InlineData("100.63.255.255")]
    [InlineData("172.32.0.0")]
    [InlineData("192.0.1.0")]
    [InlineData("192.0.3.0")]
    [InlineData("198.20.0.0")]
    [InlineData("223.255.255.255")]
    [InlineData("2001:200::1")]
    [InlineData("2001:db7:ffff::1")]
    [InlineData("2620:fe::fe")]
    [InlineData("3ffe:ffff::1")]
    [InlineData("2a00:1450::1")]
    public void Address_OfThePublicInternet_IsPublic(string address) => Assert.True(Scope().IsPublic(IPAddress.Parse(address)));

    [Theory] // RFC 4291 §2.5.5, RFC 2765 §2.1, RFC 6052 §2.1, RFC 3056 §2: judged by the IPv4 address inside
    [InlineData("::ffff:{0}")]
    [InlineData("::{0}")]
    [InlineData("::ffff:0:{0}")]
    [InlineData("64:ff9b::{0}")]
    [InlineData("2002:{1}::1")]
    public void Address_ThatWrapsIPv4_IsJudgedByIt(string form)
    {
        var scope = Scope(own: "9.9.9.10");
        foreach (var (inner, isPublic) in ((string, bool)[])[("9.9.9.9", true), ("10.0.0.1", false), ("127.0.0.1", false), ("192.0.2.1", false), ("9.9.9.10", false)])
        {
            Assert.Equal(isPublic, scope.IsPublic(Wrap(form, inner)));
        }
    }

    [Theory] // RFC 6052 §2.2, §2.4: the six lengths, with the octet between that is skipped
    [InlineData("2a00:db8::/32", "2a00:db8:{1}::")]
    [InlineData("2a00:db8:100::/40", "2a00:db8:1{2}:{3}::")]
    [InlineData("2a00:db8:122::/48", "2a00:db8:122:{4}:{5}::")]
    [InlineData("2a00:db8:122:300::/56", "2a00:db8:122:3{6}:{7}::")]
    [InlineData("2a00:db8:122:344::/64", "2a00:db8:122:344:{8}::")]
    [InlineData("2a00:db8:122:344::/96", "2a00:db8:122:344::{0}")]
    [InlineData("64:ff9b:1::/96", "64:ff9b:1::{0}")]
    public void Address_BehindANat64PrefixOfOurs_IsJudgedByTheIPv4Address(string prefix, string form)
    {
        Assert.False(Scope(prefix).IsPublic(Wrap(form, "10.33.0.1")));
        Assert.True(Scope(prefix).IsPublic(Wrap(form, "9.33.0.1")));
    }

    [Fact] // what is not behind the prefix is judged as ever
    public void Address_BesideANat64Prefix_IsJudgedItself()
    {
        var scope = Scope("2a00:db8:122:344::/96");
        Assert.True(scope.IsPublic(IPAddress.Parse("2a00:db8:122:344:0:1:a00:1")));
        Assert.False(scope.IsPublic(IPAddress.Parse("fd00::1")));
        Assert.True(Scope().IsPublic(IPAddress.Parse("2a00:db8:122:344::a00:1")));
    }

    [Fact] // services bound to it behind the host's own firewall; interfaces change
    public void Address_OfThisMachine_IsNotPublicWhileItHasIt()
    {
        var clock = new ManualClock();
        var own = IPAddress.Parse("9.9.9.10");
        var scope = new AddressScope(Options.Create(new DnsOptions()), clock, () => [own]);
        Assert.False(scope.IsPublic(IPAddress.Parse("9.9.9.10")));
        Assert.False(scope.IsPublic(IPAddress.Parse("::ffff:9.9.9.10")));
        Assert.True(scope.IsThisMachine(own));

        own = IPAddress.Parse("2620:fe::10");
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.True(scope.IsPublic(IPAddress.Parse("9.9.9.10")));
        Assert.False(scope.IsPublic(own));
    }

    [Fact] // loopback is every machine's
    public void ThisMachine_OfTheSystem_HasItsAddresses() =>
        Assert.True(new AddressScope(Options.Create(new DnsOptions()), TimeProvider.System).IsThisMachine(IPAddress.Loopback));

    private static AddressScope Scope(string? prefix = null, string own = "9.9.9.11") => new(
        Options.Create(new DnsOptions { Nat64Prefixes = prefix is null ? [] : [prefix] }), TimeProvider.System, () => [IPAddress.Parse(own)]);

    // {0} in dots, {1} as two groups, then the parts of RFC 6052 §2.4 in the order of its table.
    private static IPAddress Wrap(string form, string inner)
    {
        var octets = IPAddress.Parse(inner).GetAddressBytes();
        var (a, b, c, d) = (octets[0], octets[1], octets[2], octets[3]);
        return IPAddress.Parse(string.Format(
            System.Globalization.CultureInfo.InvariantCulture,
            form,
            inner, $"{a:x2}{b:x2}:{c:x2}{d:x2}", $"{a:x2}", $"{b:x2}{c:x2}:{d:x4}", $"{a:x2}{b:x2}", $"{c:x4}:{d:x2}00", $"{a:x2}", $"{b:x4}:{c:x2}{d:x2}", $"{a:x4}:{b:x2}{c:x2}:{d:x2}00"));
    }

    private static IPAddress LastOf(IPNetwork network)
    {
        var octets = network.BaseAddress.GetAddressBytes();
        for (var bit = network.PrefixLength; bit < octets.Length * 8; bit++)
        {
            octets[bit / 8] |= (byte)(0x80 >> (bit % 8));
        }

        return new IPAddress(octets);
    }
}
