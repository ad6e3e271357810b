using System.Globalization;
using System.Text.Json;
using Relay.Admin;

namespace Relay.Commands;

/// <summary>Shows the queue to people, or as JSON.</summary>
internal sealed class QueuePrinter(bool json)
{
    private string? _message;
    private bool _any;

    public static int Print(QueueMessageView message, bool json)
    {
        if (json)
        {
            StsPrinter.PrintJson(message);
            return RelayCommandLine.Done;
        }

        var first = message.Recipients[0];
        Line(HeadOf(first));
        if (message.EnvelopeId is { } envelopeId)
        {
            Line($"  envid {envelopeId}");
        }

        if (message.TlsReport)
        {
            Line("  a TLS report of this relay");
        }

        foreach (var recipient in message.Recipients)
        {
            Line(LineOf(recipient));
        }

        Console.WriteLine();
        foreach (var line in message.Header.Split("\r\n"))
        {
            // Folded lines often begin with a tab, which is no more than a space here.
            Line(line.Replace('\t', ' '));
        }

        return RelayCommandLine.Done;
    }

    /// <summary>Prints the next recipients; those of one message stand under its line.</summary>
    public void Print(IReadOnlyList<QueueRecipientView> page)
    {
        foreach (var recipient in page)
        {
            if (json)
            {
                Console.Write((_any ? ",\n" : "[\n") + PlainText.OfJson(JsonSerializer.Serialize(recipient, AdminJson.Options)));
                _any = true;
                continue;
            }

            if (_message != recipient.Queue)
            {
                _message = recipient.Queue;
                Line(HeadOf(recipient));
            }

            Line(LineOf(recipient));
        }
    }

    /// <summary>Ends the list: with what there is in all, in JSON with the bracket alone.</summary>
    public void End(QueueTotalsView totals)
    {
        if (json)
        {
            Console.WriteLine(_any ? "\n]" : "[]");
            return;
        }

        Line(string.Create(
            CultureInfo.InvariantCulture,
            $"{totals.Messages} messages in the queue; recipients: {totals.Queued} queued, {totals.Held} held, {totals.Failed} failed"));
        if (totals.StoreTrouble is { } trouble)
        {
            Line($"The store: {trouble}");
        }
    }

    private static string HeadOf(QueueRecipientView recipient) => string.Create(
        CultureInfo.InvariantCulture,
        $"{recipient.Queue}  {recipient.Received.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ} ({AgeOf(recipient.AgeSeconds)})  {recipient.Octets} octets  ")
        + $"from {recipient.From ?? "?: the store has lost this message"}";

    private static string LineOf(QueueRecipientView recipient)
    {
        var word = $"{recipient.State}".ToLowerInvariant();
        var next = recipient.Next is { } time
            ? string.Create(CultureInfo.InvariantCulture, $", next {time.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}")
            : string.Empty;
        var last = string.IsNullOrEmpty(recipient.Dsn) ? string.Empty : $": {recipient.Dsn} {recipient.Text}";
        return string.Create(CultureInfo.InvariantCulture, $"  {word,-8} {recipient.To}  {recipient.Attempts} attempts{next}{last}");
    }

    private static string AgeOf(long seconds) => seconds switch
    {
        < 120 => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
        < 7_200 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min"),
        < 172_800 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3_600} h"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds / 86_400} days"),
    };

    private static void Line(string text) => Console.WriteLine(PlainText.Of(text));
}
