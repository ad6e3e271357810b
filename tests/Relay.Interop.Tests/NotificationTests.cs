using System.Text;
using Relay.Interop.Tests.Programs;

namespace Relay.Interop.Tests;

/// <summary>A notification of ours on its way through Postfix to the sender, read there by Python's parser of mail.</summary>
public sealed class NotificationTests(InteropLab lab)
{
    // One line for what the whole is, one for each part, one for each field of the delivery status; every defect that the parser finds.
    private const string Describe = """
        import sys, email, email.policy
        message = email.message_from_binary_file(sys.stdin.buffer, policy=email.policy.default)
        print(message.get_content_type(), message.get_param('report-type'), message['auto-submitted'], message['return-path'])
        human, status, original = message.iter_parts()
        print(human.get_content_type(), status.get_content_type(), original.get_content_type())
        for group in status.get_payload():
            for name, value in group.items():
                print(name.lower() + ': ' + ' '.join(value.split()))
        print('returned: ' + email.message_from_string(original.get_payload())['subject'])
        print('words: ' + ' '.join(human.get_content().split()))
        for part in message.walk():
            for defect in part.defects:
                print('defect: ' + repr(defect))
        """;

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact] // DSN-01 to DSN-12, AUTO-01: RFC 3461 §6, RFC 3464 §2, RFC 3834 §5
    public async Task Failure_ToldThroughPostfix_IsReadByAnotherParser()
    {
        lab.Require();
        var sender = InteropLab.NewRecipient("remote.test");
        var recipient = InteropLab.NewRecipient("nowhere.test");
        var (exitCode, transcript) = await Swaks.SendAsync(
            lab.Relay.EndPoint.Port, recipient, Encoding.ASCII.GetBytes("From: " + sender + "\r\nSubject: to nobody\r\n\r\nbody\r\n"), "--from", sender);
        Assert.True(exitCode == 0, transcript);

        var arrived = await lab.Mx.ReceiveAsync(sender, Cancelled);

        var (parsed, output, error) = await DebianProgram.RunAsync("/usr/bin/python3", ["-c", Describe], arrived.Octets, Cancelled);
        Assert.True(parsed == 0, error);
        var lines = Encoding.UTF8.GetString(output).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("multipart/report delivery-status auto-replied <>", lines[0]);
        Assert.Equal("text/plain message/delivery-status text/rfc822-headers", lines[1]);
        Assert.Contains("reporting-mta: dns; relay.client.test", lines);
        Assert.Contains($"final-recipient: rfc822; {recipient}", lines);
        Assert.Contains("action: failed", lines);
        Assert.Contains(lines, line => line.StartsWith("status: 5.1.", StringComparison.Ordinal));
        Assert.Contains("returned: to nobody", lines);
        Assert.Contains(lines, line => line.StartsWith("words: ", StringComparison.Ordinal) && line.Contains(recipient, StringComparison.Ordinal));
        Assert.DoesNotContain(lines, line => line.StartsWith("defect", StringComparison.Ordinal));
    }
}
