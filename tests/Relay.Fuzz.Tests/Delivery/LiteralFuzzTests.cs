using System.Text;
using FsCheck.Fluent;
using Relay.Delivery.Routing;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;

namespace Relay.Fuzz.Tests.Delivery;

/// <summary>Address literals in recipients, and routes.</summary>
public sealed class LiteralFuzzTests
{
    private static readonly string[] Samples =
    [
        "[192.0.2.1]", "[IPv6:2001:db8::1]", "[ipv6:::ffff:192.0.2.1]", "[010.0.0.1]", "[1.2.3]", "[0x7f.0.0.1]", "[256.1.1.1]", "[IPv6:fe80::1%1]", "[IPv6:[::1]]", "[IPv6:[::1]:25]", "[IPv6:::1/64]",
        "[IPv6:1:2:3:4:5:6:7:8]", "[IPv6:1::2::3]", "[]", "[", "192.0.2.1", "*.example.com", "*", "example.com", "*.", "[ 1.2.3.4]", "[IPv6: ::1]",
    ];

    private static readonly FuzzTarget Target = new(
        "address-literal",
        [.. Samples.Select(Grammar.Utf8)],
        Gen.Frequency(
            (3, Grammar.Row(Grammar.Of("["), Grammar.Either(["0", "1", "255", "10"], ["256", "010", "", "0x1"]), Grammar.Times(3, 3, Grammar.Row(Grammar.Of("."), Grammar.Either(["0", "1", "255", "99"], ["256", "001", "", "-1"]))), Grammar.Of("]"))),
            (3, Grammar.Row(Grammar.Of("[IPv6:", "[ipv6:"), Grammar.Times(1, 8, Grammar.Either(["1:", "2001:", "::", "ffff:", "0:"], ["", ":::", "%", "fffff:"])), Grammar.Either(["1", "", "192.0.2.1"], ["%1", "/64", "]"]), Grammar.Of("]"))),
            (1, Grammar.Of(Samples))),
        Read)
    {
        Tokens = [.. new[] { "[", "]", "IPv6:", "::", ".", "%1", "/", "0x", "*." }.Select(Grammar.Octets)],
        MaxLength = 512,
    };

    [Fact] // RFC 5321 §4.1.3: what reception takes for a literal, delivery can connect to
    public void Parse_AnyText_ReceptionAndDeliveryAgree() => FuzzRun.Of(Target);

    private static Reading Read(byte[] octets)
    {
        var text = Encoding.Latin1.GetString(octets);
        var isReceived = DomainSyntax.IsAddressLiteral(octets);
        var isLiteral = AddressLiteral.TryParse(text, out var address);
        var isRoute = FixedRoute.TryRead(new RouteOptions { Domain = text, NextHop = text }, 25, out var route);
        return new Reading(isLiteral, () =>
        {
            Assert.True(isLiteral || !isReceived, "taken, but not to be delivered");
            if (isLiteral)
            {
                Assert.True(AddressLiteral.TryParse(AddressLiteral.Of(address), out var again));
                Assert.Equal(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address, again);
                Assert.True(isReceived, "a literal that no recipient can have");
            }

            Assert.True(!isRoute || route.NextHopName is not null || route.NextHopAddress is not null);
        });
    }
}
