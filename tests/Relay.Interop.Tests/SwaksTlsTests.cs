using Relay.Interop.Tests.Programs;

namespace Relay.Interop.Tests;

/// <summary>swaks submits to the relay's listeners in every form it knows.</summary>
public sealed class SwaksTlsTests(InteropLab lab)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory] // TLS-15, SMTP-54, SMTP-56, SMTP-57: RFC 3848 §1, RFC 8314 §4.3
    [InlineData("", "ESMTP", null)]
    [InlineData("--tls", "ESMTPS", "TLS")]
    [InlineData("--tls-optional", "ESMTPS", "TLS")]
    [InlineData("--tls-on-connect", "ESMTPS", "TLS")]
    [InlineData("--tls --tls-protocol tlsv1_2", "ESMTPS", "TLSv1.2")]
    [InlineData("--tls --tls-protocol tlsv1_3", "ESMTPS", "TLSv1.3")]
    [InlineData("--tls-on-connect --tls-protocol tlsv1_2 --pipeline", "ESMTPS", "TLSv1.2")]
    [InlineData("--tls --tls-verify --tls-ca-path {root} --tls-sni relay.client.test", "ESMTPS", "TLS")]
    [InlineData("--protocol SMTP", "SMTP", null)]
    [InlineData("--pipeline", "ESMTP", null)]
    public async Task Submission_InEveryForm_IsTakenAndTraced(string options, string with, string? tls)
    {
        lab.Require();
        var recipient = InteropLab.NewRecipient("remote.test");
        var message = SampleMessages.Get("dots");
        var words = options.Replace("{root}", lab.RootFile, StringComparison.Ordinal).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var port = words.Contains("--tls-on-connect") ? lab.ImplicitTlsPort : lab.Relay.EndPoint.Port;

        var (exitCode, transcript) = await Swaks.SendAsync(port, recipient, message, words);

        Assert.True(exitCode == 0, transcript);
        var received = (await lab.Mx.ReceiveAsync(recipient, Cancelled)).AssertUnchanged(message)[1];
        Assert.Contains($" with {with} ", received, StringComparison.Ordinal);
        if (tls is null)
        {
            Assert.DoesNotContain("tls", received, StringComparison.OrdinalIgnoreCase);
        }
        else
        {
            Assert.Contains(tls, received, StringComparison.Ordinal);
        }
    }

    [Theory] // TLS-14: RFC 8996 §4, §5
    [InlineData("tlsv1")]
    [InlineData("tlsv1_1")]
    public async Task Submission_WithAnOldTls_IsRefused(string version)
    {
        lab.Require();

        var (exitCode, transcript) = await Swaks.SendAsync(
            lab.Relay.EndPoint.Port, InteropLab.NewRecipient("remote.test"), SampleMessages.Get("plain"), "--tls", "--tls-protocol", version);

        Assert.True(exitCode == 29, transcript); // swaks: the TLS negotiation failed
    }

    [Fact] // SMTP-36: RFC 5321 §4.5.4.1; an attachment that swaks encodes itself, two recipients
    public async Task Attachment_ToTwoRecipients_ArrivesForBoth()
    {
        lab.Require();
        var (first, second) = (InteropLab.NewRecipient("remote.test"), InteropLab.NewRecipient("remote.test"));
        var file = Path.Combine(lab.NewDirectory("attachment"), "random.bin");
        var content = new byte[300_000];
        new Random(5321).NextBytes(content);
        await File.WriteAllBytesAsync(file, content, Cancelled);

        var (exitCode, transcript) = await Swaks.RunAsync(
            lab.Relay.EndPoint.Port,
            $"{first},{second}",
            ["--tls", "--header", "Subject: Größe", "--body", "Please see the attachment.", "--attach", "@" + file]);

        Assert.True(exitCode == 0, transcript);
        foreach (var recipient in (string[])[first, second])
        {
            var arrived = await lab.Mx.ReceiveAsync(recipient, Cancelled);
            var lines = System.Text.Encoding.Latin1.GetString(arrived.Octets).Split('\n');
            var encoded = lines.SkipWhile(line => !line.StartsWith("Content-Transfer-Encoding: BASE64", StringComparison.OrdinalIgnoreCase))
                .SkipWhile(line => line.Length > 0).Skip(1).TakeWhile(line => line.Length > 0 && !line.StartsWith("--", StringComparison.Ordinal));
            Assert.Equal(content, Convert.FromBase64String(string.Concat(encoded)));
        }
    }
}
