using Relay.Lab.Certificates;
using Relay.Lab.Mx;

namespace Relay.Torture;

/// <summary>
/// What can be wrong with an MX host for a while. None of it is final: every message gets through once it is over.
/// </summary>
internal static class MxTrouble
{
    private static readonly string[] Stages =
        [MxRule.Connect, "EHLO", "STARTTLS", "MAIL", "RCPT", "DATA", MxRule.Content, MxRule.EndOfData];

    private static readonly (string Name, MxHandshake Handshake)[] Handshakes =
    [
        ("tls-garbage", MxHandshake.Garbage),
        ("tls-no-server-hello", MxHandshake.CloseInstead),
        ("tls-closed-after-handshake", MxHandshake.CloseAfter),
        ("tls-stalled", MxHandshake.Stall),
    ];

    /// <summary>Draws a trouble with SMTP: a stage, and what goes wrong there.</summary>
    public static (string Name, MxBehavior Behavior) DrawSmtp(Random random, MxBehavior usual)
    {
        var stage = Stages[random.Next(Stages.Length)];
        var (what, action) = DrawAction(random, stage);
        var rule = new MxRule(stage, action) { Times = random.Next(1, 40), AfterOctets = random.Next(10_000) };
        var place = stage == MxRule.EndOfData ? "final-dot" : stage.ToLowerInvariant();
        return ($"smtp-{place}-{what}", usual.At(rule));
    }

    /// <summary>Draws a trouble with TLS.</summary>
    public static (string Name, MxBehavior Behavior) DrawTls(Random random, MxBehavior usual, LabCertificate expired)
    {
        var drawn = random.Next(Handshakes.Length + 2);
        if (drawn < Handshakes.Length)
        {
            return (Handshakes[drawn].Name, usual with { Handshake = Handshakes[drawn].Handshake });
        }

        return drawn == Handshakes.Length
            ? ("tls-expired", usual with { Certificate = expired })
            : ("tls-stripped", usual with { OffersStartTls = false });
    }

    private static (string What, MxAction Action) DrawAction(Random random, string stage) =>
        (stage == MxRule.Content ? random.Next(3) : random.Next(6)) switch
        {
            0 => ("closed", MxAction.Close),
            1 => ("reset", MxAction.Reset),
            2 => ("slow", MxAction.Stall),
            3 => ("421", MxAction.ReplyAndClose("421 4.3.2 Closing")),
            4 => ("4yz", MxAction.Reply(stage == "RCPT" ? "450 4.2.1 Not now" : "451 4.3.0 Not now")),
            _ => ("garbage", MxAction.Raw("?\r\n")),
        };
}
