using Relay.Delivery.Tests.Lab;
using Relay.Lab.Mx;

namespace Relay.Delivery.Tests.Tls;

/// <summary>What an attacker on the path can say to have mail sent in clear. Where a verified certificate is demanded none of it
/// moves an address, a recipient or a line of a message onto the wire, and all of it defers (RFC 8461 §5).</summary>
public class DowngradeTests
{
    private const string Host = "mx.a.test";

    private static readonly Dictionary<string, Func<MxBehavior, MxBehavior>> Tricks = new()
    {
        ["STARTTLS taken out"] = mx => mx with { OffersStartTls = false },
        ["STARTTLS overwritten"] = mx => mx with { OffersStartTls = false, Extensions = ["XXXXXXXA", "SIZE"] },
        ["a longer word"] = mx => mx with { OffersStartTls = false, Extensions = ["STARTTLSX", "XSTARTTLS", "STARTTLS-NOT"] },
        ["a word in a parameter"] = mx => mx with { OffersStartTls = false, Extensions = ["SIZE STARTTLS", "AUTH STARTTLS"] },
        ["STARTTLS as the host's name"] = mx => mx.At("EHLO", MxAction.Reply("250 STARTTLS")),
        ["no extension at all"] = mx => mx.At("EHLO", MxAction.Reply("250 mx.a.test")),
        ["EHLO not known"] = mx => mx.At("EHLO", MxAction.Reply("502 5.5.1 Unknown")),
        ["EHLO refused for now"] = mx => mx.At("EHLO", MxAction.Reply("451 4.3.0 Later")),
        ["EHLO and HELO not known"] = mx => mx.At("EHLO", MxAction.Reply("500 ?")).At("HELO", MxAction.Reply("500 ?")),
        ["STARTTLS not known"] = mx => mx.At("STARTTLS", MxAction.Reply("500 5.5.1 Unknown")),
        ["STARTTLS not implemented"] = mx => mx.At("STARTTLS", MxAction.Reply("502 5.5.1 No")),
        ["STARTTLS not now"] = mx => mx.At("STARTTLS", MxAction.Reply("454 4.7.0 Not now")),
        ["STARTTLS and goodbye"] = mx => mx.At("STARTTLS", MxAction.ReplyAndClose("421 4.3.2 Closing")),
        ["STARTTLS not answered"] = mx => mx.At("STARTTLS", MxAction.Close),
        ["TLS is active already"] = mx => mx.At("STARTTLS", MxAction.Reply("503 5.5.1 TLS is already active")),
        ["a reply in advance"] = mx => mx.At("EHLO", MxAction.Raw("250-mx.a.test\r\n250 STARTTLS\r\n454 4.7.0 Not now\r\n")),
        ["an injected reply"] = mx => mx with { InjectedAfterStartTls = "250 2.0.0 Ok\r\n" },
        ["a second 220"] = mx => mx with { InjectedAfterStartTls = "220 2.0.0 Go on\r\n" },
        ["no handshake"] = mx => mx with { Handshake = MxHandshake.CloseInstead },
        ["garbage for a handshake"] = mx => mx with { Handshake = MxHandshake.Garbage },
        ["no handshake, and TLS demanded in clear"] = mx => (mx with { Handshake = MxHandshake.CloseInstead })
            .At("MAIL", MxAction.Reply("530 5.7.0 Must issue a STARTTLS command first")),
    };

    public static TheoryData<string> Names => [.. Tricks.Keys];

    [Theory] // TLS-07, TLS-08, HARD-08, RFC 8461 §5, RFC 3207 §6
    [MemberData(nameof(Names))]
    public async Task Deliver_VerifiedTlsDemanded_NoTrickMovesAnythingInClear(string name)
    {
        await using var lab = new DeliveryLab();
        lab.Settings["Relay:Routes:0:Domain"] = "a.test";
        lab.Settings["Relay:Routes:0:Tls"] = "VerifiedPkix";
        var host = lab.StartMx("a.test", Host, Tricks[name](lab.WithTls(Host)));

        var attempt = await lab.DeliverAsync("a.test");

        Assert.IsType<DeliveryOutcome.Deferred>(attempt.Recipients[0].Outcome);
        Assert.DoesNotContain(host.Commands, command => command.Verb is "MAIL" or "RCPT" or "DATA" or "BDAT" or "AUTH");
        Assert.Empty(host.Messages);
    }
}
