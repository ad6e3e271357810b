using System.Net;
using Microsoft.Extensions.Options;
using Relay.Dns;
using Relay.Mail;

namespace Relay.Https.Tests;

public sealed class WebHostResolverTests
{
    [Theory] // RFC 8461 §3.3, RFC 8460 §7: a web server of the public Internet, unless the operator says else
    [InlineData("10.0.0.1 9.9.9.9", false, "9.9.9.9")]
    [InlineData("10.0.0.1 9.9.9.9", true, "10.0.0.1 9.9.9.9")]
    [InlineData("127.0.0.1", true, "127.0.0.1")]
    public async Task Resolve_Host_GivesTheAddressesThatMayBeAsked(string addresses, bool allowsPrivate, string expected)
    {
        var found = Assert.IsType<HostAddresses.Found>(await ResolveAsync(addresses, allowsPrivate));
        Assert.Equal(expected, string.Join(' ', found.Addresses));
    }

    [Fact]
    public async Task Resolve_HostInsideANetwork_SaysSo()
    {
        var none = Assert.IsType<HostAddresses.None>(await ResolveAsync("10.0.0.1 169.254.169.254", allowsPrivate: false));
        Assert.Equal(HostAddresses.None.PrivateAddress, none.Reason);
    }

    private static ValueTask<HostAddresses> ResolveAsync(string addresses, bool allowsPrivate) =>
        new WebHostResolver(new Resolver(addresses), new AddressScope(Options.Create(new DnsOptions()), TimeProvider.System)).ResolveAsync(
            DomainName.FromWire("mta-sts.a.test"), allowsPrivate, TestContext.Current.CancellationToken);

    private sealed class Resolver(string addresses) : IDnsResolver
    {
        private static readonly TimeSpan Ttl = TimeSpan.FromMinutes(1);

        public ValueTask<DnsAnswer> QueryAsync(DomainName name, DnsRecordType type, CancellationToken cancellationToken) =>
            ValueTask.FromResult(new DnsAnswer(
                type == DnsRecordType.A ? DnsStatus.Answered : DnsStatus.NoData,
                name,
                type == DnsRecordType.A ? [.. addresses.Split(' ').Select(address => new DnsRecord.Address(name, Ttl, IPAddress.Parse(address)))] : [],
                IsAuthenticated: false,
                Ttl,
                "answered"));
    }
}
