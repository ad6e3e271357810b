namespace Relay.Protocol.Tests;

/// <summary>The message that these tests send unless its content is their subject, and a client that sends it.</summary>
internal static class PlainMessage
{
    public const string Header =
        "From: app@corp.test\r\nDate: Sun, 22 Nov 2026 07:40:12 +0000\r\nMessage-ID: <1@client.test>\r\nSubject: letter\r\n\r\n";

    public const string Text = Header + "body\r\n";

    /// <summary>The commands of a plain transaction from <c>app@corp.test</c>.</summary>
    public const string Mail = "MAIL FROM:<app@corp.test>";

    /// <summary>Sends the letter from app@corp.test in a session of its own.</summary>
    public static Task SubmitAsync(this RelayUnderTest relay, CancellationToken cancellationToken, params string[] to) =>
        relay.SubmitAsync(Mail, [.. to.Select(mailbox => $"RCPT TO:<{mailbox}>")], Text, cancellationToken);

    /// <summary>Sends a message with the commands of an envelope; its text has its dots stuffed and ends in CRLF.</summary>
    public static async Task SubmitAsync(
        this RelayUnderTest relay, string mail, string[] recipients, string text, CancellationToken cancellationToken)
    {
        await using var talk = await SmtpTalk.OpenAsync(relay.EndPoint, cancellationToken);
        await talk.SubmitAsync(mail, recipients, text, cancellationToken);
        await talk.SayAsync("QUIT", "221", cancellationToken);
    }

    /// <summary>As above, within a session; gives the last reply.</summary>
    public static async Task<string> SubmitAsync(
        this SmtpTalk talk, string mail, string[] recipients, string text, CancellationToken cancellationToken)
    {
        await talk.SayAsync(mail, "250", cancellationToken);
        foreach (var recipient in recipients)
        {
            await talk.SayAsync(recipient, "250", cancellationToken);
        }

        await talk.SayAsync("DATA", "354", cancellationToken);
        return await talk.SayAsync(text + ".", "250 2.0.0", cancellationToken);
    }
}
