using System.Buffers;
using System.Globalization;
using System.Text;

namespace Relay.Logging;

/// <summary>
/// <c>2026-11-22T07:40:12.345Z INF delivered queue=8F3K2M …</c>: a value is quoted when it is empty or holds a space, a
/// quote or anything that is not printable; what is not printable is escaped, so that no peer can forge a line.
/// </summary>
internal sealed class TextLogLineFormat : ILogLineFormat
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "!#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[]^_`abcdefghijklmnopqrstuvwxyz{|}~");

    public void Write(IBufferWriter<byte> output, in LogEntry entry)
    {
        Span<byte> time = stackalloc byte[24];
        entry.Time.UtcDateTime.TryFormat(
            time, out var written, "yyyy-MM-ddTHH:mm:ss.fffZ", CultureInfo.InvariantCulture);
        output.Write(time[..written]);
        output.Write(" "u8);
        Put(output, LogFields.NameOf(entry.Level));
        output.Write(" "u8);
        Put(output, entry.Event);
        foreach (var (key, value) in LogFields.Of(entry))
        {
            output.Write(" "u8);
            Put(output, key);
            output.Write("="u8);
            PutValue(output, Format(value));
        }

        output.Write("\n"u8);
    }

    private static string Format(object value) => value switch
    {
        string text => text,
        bool flag => flag ? "true" : "false",
        DateTimeOffset time => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture),
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? string.Empty,
    };

    private static void PutValue(IBufferWriter<byte> output, string text)
    {
        if (text.Length > 0 && !text.AsSpan().ContainsAnyExcept(Plain))
        {
            Put(output, text);
            return;
        }

        output.Write("\""u8);
        foreach (var rune in text.EnumerateRunes())
        {
            PutEscaped(output, rune);
        }

        output.Write("\""u8);
    }

    private static void PutEscaped(IBufferWriter<byte> output, Rune rune)
    {
        switch (rune.Value)
        {
            case '"':
                output.Write("\\\""u8);
                break;
            case '\\':
                output.Write("\\\\"u8);
                break;
            case '\n':
                output.Write("\\n"u8);
                break;
            case '\r':
                output.Write("\\r"u8);
                break;
            default:
                if (Unprintable.Is(rune))
                {
                    Put(output, string.Create(CultureInfo.InvariantCulture, $"\\u{{{rune.Value:X}}}"));
                }
                else
                {
                    output.Advance(rune.EncodeToUtf8(output.GetSpan(4)));
                }

                break;
        }
    }

    private static void Put(IBufferWriter<byte> output, string text) => Encoding.UTF8.GetBytes(text, output);
}
