using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Relay.Commands.Demo;

/// <summary>An application that hands its mail to the relay over SMTP.</summary>
internal static class Submission
{
    /// <summary>Sends one small message; throws <see cref="IOException"/> when the relay does not take it.</summary>
    /// <param name="relay">Where the relay listens.</param>
    /// <param name="to">The recipient.</param>
    /// <param name="mark">Stands in the text, to know the message again.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task SendAsync(IPEndPoint relay, string to, string mark, CancellationToken cancellationToken)
    {
        using var connection = new TcpClient();
        await connection.ConnectAsync(relay, cancellationToken);
        await using var stream = connection.GetStream();
        using var reader = new StreamReader(stream, Encoding.ASCII);
        await ExpectAsync(reader, "220", cancellationToken);
        foreach (var (line, reply) in ((string, string)[])
            [
                ("EHLO app.demo.test", "250"),
                ("MAIL FROM:<app@demo.test>", "250"),
                ($"RCPT TO:<{to}>", "250"),
                ("DATA", "354"),
                ($"From: <app@demo.test>\r\nTo: <{to}>\r\nSubject: demo\r\n\r\n{mark}\r\n.", "250"),
                ("QUIT", "221"),
            ])
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), cancellationToken);
            await ExpectAsync(reader, reply, cancellationToken);
        }
    }

    private static async Task ExpectAsync(StreamReader reader, string code, CancellationToken cancellationToken)
    {
        string line;
        do
        {
            line = await reader.ReadLineAsync(cancellationToken) ?? string.Empty;
        }
        while (line.Length > 3 && line[3] == '-');

        if (!line.StartsWith(code, StringComparison.Ordinal))
        {
            throw new IOException(string.Create(CultureInfo.InvariantCulture, $"The relay answered \"{line}\" where {code} is due"));
        }
    }
}
