using Relay.Interop.Tests.Programs;

namespace Relay.Interop.Tests;

/// <summary>A signature made before the relay holds behind it, by somebody else's verifier with the key from a real name server.</summary>
public sealed class DkimTests(InteropLab lab)
{
    [Theory] // SMTP-61: RFC 5321 §6.4, RFC 6376 §3.4
    [InlineData("simple", "plain")]
    [InlineData("simple", "dots")]
    [InlineData("simple", "eight-bit")]
    [InlineData("simple", "long-lines")]
    [InlineData("simple", "empty-lines-at-the-end")]
    [InlineData("relaxed", "eight-bit")]
    public async Task Signature_BehindTheRelay_StillHolds(string canonicalization, string sample)
    {
        lab.Require();
        var cancelled = TestContext.Current.CancellationToken;
        var recipient = InteropLab.NewRecipient("remote.test");
        var signed = await lab.Dkim.SignAsync(SampleMessages.Get(sample), canonicalization, cancelled);

        var (exitCode, transcript) = await Swaks.SendAsync(lab.Relay.EndPoint.Port, recipient, signed, "--tls");

        Assert.True(exitCode == 0, transcript);
        var arrived = await lab.Mx.ReceiveAsync(recipient, cancelled);
        arrived.AssertUnchanged(signed);
        Assert.True(await Dkim.VerifyAsync(arrived.Octets, lab.Names, cancelled));
    }
}
