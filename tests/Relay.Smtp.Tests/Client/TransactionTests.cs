using Relay.Lab.Certificates;
using Relay.Lab.Mx;
using Relay.Smtp.Client;
using static Relay.Smtp.Tests.Client.ClientSessionHarness;

namespace Relay.Smtp.Tests.Client;

/// <summary>Mail transactions: groups, positions, results for each recipient.</summary>
public sealed class TransactionTests
{
    private static MxBehavior Stepwise { get; } = new() { Extensions = ["SIZE 1000000"] };

    public static TheoryData<bool> BothWays => [true, false];

    [Theory] // SMTP-20, SMTP-35, TLS-04: the whole dialogue inside TLS
    [MemberData(nameof(BothWays))]
    public async Task Session_FromGreetingToQuit_DeliversTheMessage(bool pipelines)
    {
        using var authority = new LabCertificateAuthority();
        using var certificate = authority.Issue("mx.lab.test");
        await using var mx = LabMx.Start((pipelines ? new MxBehavior() : Stepwise) with { Certificate = certificate });
        await using (var session = await OpenTlsAsync(mx.EndPoint))
        {
            var result = await session.SendAsync(Message("a@lab.test", "b@lab.test"), Cancellation);
            Assert.Null(result.Fault);
            Assert.Equal([250, 250], Codes(result));
            Assert.Equal([SmtpStage.EndOfData, SmtpStage.EndOfData], Stages(result));
            await session.QuitAsync(Cancellation);
        }

        var message = Assert.Single(await mx.WaitForMessagesAsync(1, Cancellation));
        Assert.Equal(Text, message.Text);
        Assert.Equal(
            ["EHLO relay.lab.test", "STARTTLS", "EHLO relay.lab.test", $"MAIL FROM:<app@corp.test> SIZE={Text.Length}",
                "RCPT TO:<a@lab.test>", "RCPT TO:<b@lab.test>", "DATA", "QUIT"],
            mx.Connections[0].Lines);
        Assert.Equal([false, false, true, true, true, true, true, true], mx.Commands.Select(c => c.IsTls));
    }
}
