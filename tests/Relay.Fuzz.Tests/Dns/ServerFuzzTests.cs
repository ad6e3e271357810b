using System.Net.Sockets;
using System.Text;
using FsCheck.Fluent;
using Relay.Dns.Servers;
using Relay.Fuzz.Tests.Fuzzing;

namespace Relay.Fuzz.Tests.Dns;

/// <summary>resolv.conf, which a DHCP server has a hand in, and addresses of servers.</summary>
public sealed class ServerFuzzTests
{
    private static readonly byte[][] Tokens = [.. new[] { "nameserver ", "\n", "\r\n", "#", ";", "%eth0", "::1", "127.0.0.53", "[", "]", ":53", "\u2028", "\0" }.Select(Grammar.Utf8)];

    private static readonly string[] Addresses =
        ["127.0.0.53", "::1", "2001:db8::53", "fe80::1%eth0", "fe80::1%2", "192.0.2.1", "1", "0x7f.1", "256.1.1.1", "::ffff:192.0.2.1", "[::1]:53", "192.0.2.1:5353", "x", "::1%", "1.2.3.4.5", ""];

    [Fact]
    public void ResolvConf_AnyText_GivesServersOnly() => FuzzRun.Of(new FuzzTarget(
        "resolv-conf",
        [.. new[]
        {
            "nameserver 127.0.0.53\noptions edns0 trust-ad\nsearch example.com\n", "# none\n; none\nnameserver\t::1 # here\r\nnameserver 192.0.2.1;\n", "nameserver\nnameserver x\n", "nameservers 192.0.2.1\n", string.Empty,
        }.Select(Grammar.Utf8)],
        Grammar.Times(0, 6, Grammar.Row(Grammar.Either(["nameserver", "nameserver"], ["options", "", "#", " nameserver"]), Grammar.Either([" ", "\t", "  "], ["", "\n", "%"]), Grammar.Of(Addresses), Grammar.Of("\n", "\r\n", " #x\n", ";\n", "\r", ""))),
        octets =>
        {
            var text = Encoding.UTF8.GetString(octets);
            var servers = ResolvConf.Parse(text);
            return new Reading(servers.Count > 0, () =>
            {
                Assert.InRange(servers.Count, 0, text.Length / "nameserver 1".Length);
                Assert.All(servers, server => Assert.Equal(53, server.Port));
                Assert.All(servers, server => Assert.True(server.AddressFamily is AddressFamily.InterNetwork or AddressFamily.InterNetworkV6));

                // Line by line it says the same.
                Assert.Equal(servers, text.ReplaceLineEndings("\n").Split('\n').SelectMany(line => ResolvConf.Parse(line)));
            });
        })
    {
        Tokens = Tokens,
    });

    [Fact]
    public void ServerAddress_AnyText_IsAnAddressWithAPortOrNone() => FuzzRun.Of(new FuzzTarget(
        "server-address",
        [.. Addresses.Select(Grammar.Utf8)],
        Grammar.Row(Grammar.Of(Addresses), Grammar.Of("", "", ":0", ":53", ":65536", "%1")),
        octets =>
        {
            var text = Encoding.UTF8.GetString(octets);
            var isServer = ServerAddress.TryParse(text, out var server);
            return new Reading(isServer, () =>
            {
                Assert.Equal(isServer, server is not null);
                if (server is not null)
                {
                    Assert.InRange(server.Port, 1, 65_535);
                    Assert.True(ServerAddress.TryParse(server.ToString(), out var again));
                    Assert.Equal(server, again);
                }
            });
        })
    {
        Tokens = Tokens,
        MaxLength = 256,
    });
}
