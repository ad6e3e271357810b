using System.Buffers;
using System.Text;
using System.Text.Json;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Logging;

namespace Relay.Fuzz.Tests.Program;

/// <summary>Lines of the log, which every remote party's words end up in.</summary>
public sealed class LogLineFuzzTests
{
    private static readonly FuzzTarget Target = new(
        "log-line",
        [.. new[] { "<app@corp.example>", "250 2.0.0 Ok", "a\r\n2026-11-22T07:40:12.345Z INF delivered queue=\"X\"", "\\", "\"", "", "\u0085\u2028\u202E\0\u001B[2J", "日本\U0001F600", "\u00AD\uFEFF" }.Select(Grammar.Utf8)],
        Grammar.Times(0, 6, Grammar.Mostly("a", " ", "\"", "\\", "\r\n", "\n", "\u0000", "\u001B[31m", "queue=X", "\u00C2\u0085", "\u00E2\u0080\u00A8", "\u00E2\u0080\u00AE", "\u00F0\u009F\u0098\u0080", "\u00ED\u00A0\u0080", "</script>")),
        Read)
    {
        AllocationPerOctet = 256,
        Tokens = [.. new[] { "\r\n", "\"", "\\", " x=", "\u2028", "\u0085", "\0", "\u001B", "\u202E" }.Select(Grammar.Utf8)],
    };

    [Fact] // HARD-12
    public void Value_OfAnyText_StaysInItsFieldOnItsLine() => FuzzRun.Of(Target);

    private static Reading Read(byte[] octets)
    {
        var value = Encoding.UTF8.GetString(octets);
        KeyValuePair<string, object?>[] fields = [new("Text", value), new("Last", "end")];
        var entry = new LogEntry(DateTimeOffset.UnixEpoch, LogLevel.Information, "delivered", fields, null);
        var text = Write(new TextLogLineFormat(), entry);
        var json = Write(new JsonLogLineFormat(), entry);
        return new Reading(true, () =>
        {
            CheckLine(text);
            Assert.DoesNotContain(text, character => character is '\u202E' or '\uFEFF');
            Assert.EndsWith(" last=end\n", text, StringComparison.Ordinal);
            const string Start = "1970-01-01T00:00:00.000Z INF delivered text=";
            Assert.StartsWith(Start, text, StringComparison.Ordinal);
            CheckValue(text[Start.Length..^" last=end\n".Length]);

            CheckLine(json);
            using var document = JsonDocument.Parse(json);
            Assert.Equal(value, document.RootElement.GetProperty("text").GetString());
            Assert.Equal("end", document.RootElement.GetProperty("last").GetString());
        });
    }

    private static string Write(ILogLineFormat format, LogEntry entry)
    {
        var output = new ArrayBufferWriter<byte>();
        format.Write(output, entry);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private static void CheckLine(string line)
    {
        Assert.EndsWith("\n", line, StringComparison.Ordinal);
        Assert.DoesNotContain(line[..^1], character => char.IsControl(character) || character is '\u2028' or '\u2029');
    }

    // Bare without blanks and quotes, or in quotes with every quote inside escaped.
    private static void CheckValue(string value)
    {
        if (!value.StartsWith('"'))
        {
            Assert.DoesNotContain(value, character => character is <= ' ' or > '~' or '"' or '\\');
            return;
        }

        Assert.True(value.Length >= 2 && value.EndsWith('"'));
        for (var i = 1; i < value.Length - 1; i++)
        {
            Assert.NotEqual('"', value[i]);
            i += value[i] == '\\' ? 1 : 0;
            Assert.True(i < value.Length - 1, "the last quote is escaped");
        }
    }
}
