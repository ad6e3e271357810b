using System.Text;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Queue;

namespace Relay.Fuzz.Tests.Program;

/// <summary>Queue ids as operators type them.</summary>
public sealed class QueueIdFuzzTests
{
    private static readonly FuzzTarget Target = new(
        "queue-id",
        [.. new[] { "8F3K2M", "8f3k2m", "0", "00000000000Z", "ZZZZZZZZZZZZ", "ZZZZZZZZZZZZZ", "", "ILOU", "ſ", "ı", "K", "８" }.Select(Grammar.Utf8)],
        Grammar.Times(1, 14, Grammar.Either(["0", "1", "9", "A", "z", "K", "v"], ["I", "o", "-", " ", "\u00C5\u00BF", "\u00E2\u0084\u00AA"])),
        octets =>
        {
            var text = Encoding.UTF8.GetString(octets);
            var isId = QueueId.TryParse(text, out var id);
            return new Reading(isId, () =>
            {
                Assert.Equal(isId, id.Value > 0);
                if (isId)
                {
                    Assert.True(QueueId.TryParse(id.ToString(), out var again));
                    Assert.Equal(id, again);
                    Assert.Equal(text.TrimStart('0').ToUpperInvariant(), id.ToString());
                    Assert.True(Ascii.IsValid(text), "an id of other letters than ours");
                }
            });
        })
    {
        Tokens = [.. new[] { "0", "Z", "ſ", "K" }.Select(Grammar.Utf8)],
        MaxLength = 64,
    };

    [Fact]
    public void Parse_AnyText_IsTheIdItSpellsOrNone() => FuzzRun.Of(Target);
}
