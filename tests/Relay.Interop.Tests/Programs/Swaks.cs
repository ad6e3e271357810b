using System.Globalization;
using System.Text;

namespace Relay.Interop.Tests.Programs;

/// <summary>The SMTP client swaks.</summary>
internal static class Swaks
{
    /// <summary>
    /// Sends a message octet for octet; swaks adds nothing but the doubled dots and the final dot, which are ours. Gives
    /// exit code and transcript.
    /// </summary>
    /// <param name="port">Port on 127.0.0.1.</param>
    /// <param name="recipient">The one recipient.</param>
    /// <param name="message">Lines ending in CRLF.</param>
    /// <param name="options">Further options of swaks.</param>
    public static Task<(int ExitCode, string Transcript)> SendAsync(
        int port, string recipient, byte[] message, params string[] options) =>
        RunAsync(port, recipient, ["--no-data-fixup", "--data", "-", .. options], Stuffed(message));

    /// <summary>Runs swaks against a port of 127.0.0.1 with options of any kind.</summary>
    public static async Task<(int ExitCode, string Transcript)> RunAsync(
        int port, string recipient, IEnumerable<string> options, byte[]? input = null)
    {
        var (exitCode, output, error) = await DebianProgram.RunAsync(
            DebianProgram.Swaks.Path,
            [
                "--server", "127.0.0.1", "--port", port.ToString(CultureInfo.InvariantCulture), "--helo", "app.client.test",
                "--from", "app@client.test", "--to", recipient, "--timeout", "30", "--suppress-data", .. options,
            ],
            input ?? [],
            TestContext.Current.CancellationToken);
        return (exitCode, Encoding.UTF8.GetString(output) + error);
    }

    // RFC 5321 §4.5.2
    private static byte[] Stuffed(byte[] message)
    {
        var text = Encoding.Latin1.GetString(message).Replace("\r\n.", "\r\n..", StringComparison.Ordinal);
        return Encoding.Latin1.GetBytes((text.StartsWith('.') ? "." : string.Empty) + text + ".\r\n");
    }
}
