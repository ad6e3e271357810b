using Relay.Interop.Tests.Programs;

namespace Relay.Interop.Tests;

/// <summary>The tools of these tests against each other, without the relay: what they would not notice proves nothing.</summary>
public sealed class LabProgramsTests(InteropLab lab)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(SampleMessages.Small), MemberType = typeof(SampleMessages))]
    public async Task SwaksAndPostfix_WithoutTheRelay_KeepEveryOctet(string sample)
    {
        lab.Require();
        var recipient = InteropLab.NewRecipient("remote.test");
        var message = SampleMessages.Get(sample);

        var (exitCode, transcript) = await Swaks.SendAsync(lab.Mx.Port, recipient, message, "--tls");

        Assert.True(exitCode == 0, transcript);
        var received = Assert.Single((await lab.Mx.ReceiveAsync(recipient, Cancelled)).AssertUnchanged(message));
        Assert.Contains("using TLSv1.3", received, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("simple")]
    [InlineData("relaxed")]
    public async Task Dkim_SignedMessage_VerifiesUntilAnOctetChanges(string canonicalization)
    {
        lab.Require();
        var signed = await lab.Dkim.SignAsync(SampleMessages.Get("eight-bit"), canonicalization, Cancelled);

        Assert.True(await Dkim.VerifyAsync(signed, lab.Names, Cancelled));
        signed[^3] ^= 1;
        Assert.False(await Dkim.VerifyAsync(signed, lab.Names, Cancelled));
    }
}
