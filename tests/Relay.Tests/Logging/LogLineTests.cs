using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using Relay.Commands;
using Relay.Logging;

namespace Relay.Tests.Logging;

public sealed class LogLineTests
{
    private static readonly DateTimeOffset Time =
        DateTimeOffset.Parse("2026-11-22T07:40:12.345Z", CultureInfo.InvariantCulture);

    [Fact]
    public void Text_Fields_StandInOrderWithKebabKeysAndQuotesWhereNeeded()
    {
        var line = Text(("Queue", "8F3K2M"), ("From", "<app@corp.example>"), ("StsId", "7"), ("Reply", "250 2.0.0 Ok"), ("Tls", null));
        Assert.Equal(
            "2026-11-22T07:40:12.345Z INF delivered queue=8F3K2M from=<app@corp.example> sts-id=7 reply=\"250 2.0.0 Ok\"\n", line);
    }

    [Fact] // HARD-12: nothing that a peer says can forge a line or a key.
    public void Text_HostileValue_IsEscapedOnOneLine()
    {
        var line = Text(("Text", "a\r\n2026 INF delivered queue=\"X\" \\ \u0085\u2028\u202e\0"));
        Assert.Equal(1, line.Count(character => character == '\n'));
        Assert.EndsWith("text=\"a\\r\\n2026 INF delivered queue=\\\"X\\\" \\\\ \\u{85}\\u{2028}\\u{202E}\\u{0}\"\n", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_SpreadFields_BecomeKeysOfTheirOwn()
    {
        var line = Text(("Fields", new List<KeyValuePair<string, string>> { new("sts", "enforce"), new("sts-id", "1") }));
        Assert.EndsWith("delivered sts=enforce sts-id=1\n", line, StringComparison.Ordinal);
    }

    [Fact]
    public void Text_EmptyValue_IsQuoted() => Assert.EndsWith(" helo=\"\"\n", Text(("Helo", string.Empty)), StringComparison.Ordinal);

    [Fact]
    public void Json_SameFields_HaveTheSameKeys()
    {
        var line = Format(new JsonLogLineFormat(), ("Queue", "8F3K2M"), ("Recipients", 3), ("StsId", "7"), ("Tls", null));
        using var json = JsonDocument.Parse(line);
        Assert.Equal(
            ["time", "level", "event", "queue", "recipients", "sts-id"], json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal(3, json.RootElement.GetProperty("recipients").GetInt32());
        Assert.Equal("2026-11-22T07:40:12.345Z", json.RootElement.GetProperty("time").GetString());
        Assert.EndsWith("}\n", line, StringComparison.Ordinal);
    }

    [Theory] // HARD-12: what turns the direction of writing, is not seen or moves the cursor reaches a terminal in no form
    [InlineData("bob\u202Egro.live\u202C", "bob\\u202egro.live\\u202c")]
    [InlineData("\u2066a\u2069\u200B\u200D\uFEFF", "\\u2066a\\u2069\\u200b\\u200d\\ufeff")]
    [InlineData("\u009B31m\u2028\uE000", "\\u009b31m\\u2028\\ue000")]
    [InlineData("\U000E0041", "\\udb40\\udc41")]
    [InlineData("\u202E\"\\\r\n\t", "\\u202e\\\"\\\\\\r\\n\\t")]
    public void Json_HostileValue_IsEscapedAndStillTheSame(string text, string expected)
    {
        var line = Format(new JsonLogLineFormat(), ("Reply", text));
        Assert.Contains($"\"reply\":\"{expected}\"", line, StringComparison.OrdinalIgnoreCase);
        using var json = JsonDocument.Parse(line);
        Assert.Equal(text, json.RootElement.GetProperty("reply").GetString());
    }

    [Fact] // HARD-12: both forms of the log and both forms of the commands agree on every character there is
    public void EveryCharacter_IsShownOrEscapedAlikeEverywhere()
    {
        var all = Enumerable.Range(0x80, 0x110000 - 0x80).Where(Rune.IsValid).Select(value => new Rune(value)).ToList();
        var text = string.Concat(all);
        var shown = all.Where(character => !Unprintable.Is(character)).ToHashSet();
        Assert.Equal(shown, Beyond(Text(("Text", text))));
        // JSON's own encoder escapes some that are harmless as well.
        Assert.Empty(Beyond(Format(new JsonLogLineFormat(), ("Text", text))).Except(shown));
        Assert.Equal(shown, Beyond(PlainText.Of(text)));
        Assert.Equal(shown, Beyond(PlainText.OfJson(text)));

        static HashSet<Rune> Beyond(string line) => [.. line.EnumerateRunes().Where(character => !character.IsAscii)];
    }

    [Fact] // half of a character, as cutting text can leave it
    public void Json_LoneSurrogate_IsReplaced()
    {
        foreach (var text in (string[])["a\uD83D", "\u202E\uDC00"])
        {
            using var json = JsonDocument.Parse(Format(new JsonLogLineFormat(), ("Text", text)));
            Assert.Contains('\uFFFD', json.RootElement.GetProperty("text").GetString()!);
        }
    }

    [Fact]
    public void Output_StuckReader_DropsAndCountsInsteadOfBlocking()
    {
        using var stream = new GatedStream();
        using (var output = new LogOutput(stream))
        {
            var line = new byte[1024];
            line.AsSpan().Fill((byte)'x');
            line[^1] = (byte)'\n';
            output.Write(line);
            stream.Entered.Wait(TestContext.Current.CancellationToken);
            for (var i = 0; i < 10_000; i++)
            {
                output.Write(line);
            }

            stream.Gate.Set();
        }

        var text = Encoding.ASCII.GetString(stream.ToArray());
        var lost = text.Split('\n').Single(l => l.StartsWith("log-lost lines=", StringComparison.Ordinal));
        var written = text.Split('\n').Count(l => l.StartsWith('x'));
        Assert.Equal(10_001, written + int.Parse(lost["log-lost lines=".Length..], CultureInfo.InvariantCulture));
    }

    private static string Text(params (string Key, object? Value)[] fields) => Format(new TextLogLineFormat(), fields);

    private static string Format(ILogLineFormat format, params (string Key, object? Value)[] fields)
    {
        var output = new ArrayBufferWriter<byte>();
        var entry = new LogEntry(
            Time,
            LogLevel.Information,
            "delivered",
            [.. fields.Select(f => new KeyValuePair<string, object?>(f.Key, f.Value)), new("{OriginalFormat}", "x")],
            null);
        format.Write(output, entry);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    private sealed class GatedStream : MemoryStream
    {
        public ManualResetEventSlim Gate { get; } = new();

        public ManualResetEventSlim Entered { get; } = new();

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            Entered.Set();
            Gate.Wait();
            base.Write(buffer);
        }

        protected override void Dispose(bool disposing)
        {
            Gate.Dispose();
            Entered.Dispose();
            base.Dispose(disposing);
        }
    }
}
