using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Relay.Logging;

/// <summary>The same events and keys as the text form, one JSON object a line.</summary>
internal sealed class JsonLogLineFormat : ILogLineFormat
{
    private static readonly JsonWriterOptions Options = new()
    {
        // Log lines are not put into HTML; mailboxes in angle brackets stay readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public void Write(IBufferWriter<byte> output, in LogEntry entry)
    {
        using (var json = new Utf8JsonWriter(output, Options))
        {
            json.WriteStartObject();
            json.WriteString(
                "time", entry.Time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture));
            json.WriteString("level", LogFields.NameOf(entry.Level));
            json.WriteString("event", entry.Event);
            foreach (var (key, value) in LogFields.Of(entry))
            {
                WriteField(json, key, value);
            }

            json.WriteEndObject();
        }

        output.Write("\n"u8);
    }

    private static void WriteField(Utf8JsonWriter json, string key, object value)
    {
        switch (value)
        {
            case bool flag:
                json.WriteBoolean(key, flag);
                break;
            case int number:
                json.WriteNumber(key, number);
                break;
            case long number:
                json.WriteNumber(key, number);
                break;
            case DateTimeOffset time:
                json.WriteString(key, time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
                break;
            case IFormattable formattable:
                WriteText(json, key, formattable.ToString(null, CultureInfo.InvariantCulture));
                break;
            default:
                WriteText(json, key, value.ToString() ?? string.Empty);
                break;
        }
    }

    // The encoder would let what turns the direction of writing, or is not seen, through to a terminal.
    private static void WriteText(Utf8JsonWriter json, string key, string text)
    {
        if (!Unprintable.IsIn(text))
        {
            json.WriteString(key, text);
            return;
        }

        json.WritePropertyName(key);
        json.WriteRawValue($"\"{Unprintable.EscapedInJson(Options.Encoder!.Encode(text))}\"");
    }
}
