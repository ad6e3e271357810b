using System.Text;
using System.Text.RegularExpressions;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.MtaSts.Policies;

namespace Relay.Fuzz.Tests.MtaSts;

/// <summary>The TXT record of <c>_mta-sts</c>.</summary>
public sealed partial class StsRecordFuzzTests
{
    private static readonly Gen<byte[]> Space = Grammar.Either(["", "", " ", "\t "], ["\n", "\u00A0", "\r\n"]);

    private static readonly Gen<byte[]> Field = Gen.Frequency(
        (4, Grammar.Row(Grammar.Of("id="), Gen.Frequency((5, Grammar.Either(["20260101T000000", "a", "0"], ["", "a-b", "\u00E9", "a b", "id=", " a"])), (1, Grammar.Run("9", 31, 32, 33))))),
        (2, Grammar.Row(Gen.Frequency((5, Grammar.Either(["x", "x_-.", "ID", "v"], ["", "_x", "-", "i d"])), (1, Grammar.Run("n", 31, 32, 33))), Grammar.Either(["="], ["", "=="]), Grammar.Either(["y", "!~", "STSv1"], ["", "a=b", "a b", "\u007F", "\u00FC"]))));

    private static readonly Gen<byte[]> Records = Grammar.Row(
        Grammar.Either(["v=STSv1"], ["v=STSv2", "V=STSv1", " v=STSv1", "v=stsv1", "v=STSv1x", ""]),
        Grammar.Times(1, 3, Grammar.Row(Space, Grammar.Either([";"], ["", ";;", ","]), Space, Field)),
        Grammar.Of("", "", ";", " ; ", ";;", " "));

    private static readonly FuzzTarget Target = new("sts-record", [.. TextRecords.OfVectors("sts-record.json")], Records, Read)
    {
        Tokens = [.. new[] { "v=STSv1", ";", "id=", "=", " ", "\t", "STSv1;", "\0", "\u00FF" }.Select(Grammar.Octets)],
    };

    [Fact] // STS-03, STS-05, RFC 8461 §3.1
    public void Parse_AnyOctets_AgreesWithThePlainReading() => FuzzRun.Of(Target);

    private static Reading Read(byte[] octets)
    {
        var one = StsRecord.ParseOne(octets);
        return new Reading(one is StsRecordSet.Found, () =>
        {
            var set = StsRecord.Parse([TextRecords.Cut(octets)]);
            Assert.Equal(one ?? StsRecordSet.Absent.Instance, set);
            Assert.Equal(one is null ? set : new StsRecordSet.Multiple(2), StsRecord.Parse([TextRecords.Cut(octets), TextRecords.Cut(octets)]));
            var text = Encoding.Latin1.GetString(octets);
            Assert.Equal(Claims().IsMatch(text), one is not null);
            Assert.Equal(PlainId(text), (one as StsRecordSet.Found)?.Id);
            if (one is StsRecordSet.Invalid invalid)
            {
                Assert.InRange(invalid.Offset, 0, octets.Length);
            }
        });
    }

    /// <summary>The id by RFC 8461 §3.1, fields taken apart as text; null for what is no valid record.</summary>
    private static string? PlainId(string text)
    {
        if (!Claims().IsMatch(text))
        {
            return null;
        }

        var fields = text.Split(';').Skip(1).Select(field => field.TrimStart(' ', '\t')).ToList();
        var last = fields[^1];
        var complete = fields[..^1].Select(field => field.TrimEnd(' ', '\t')).Concat(last.Length > 0 ? [last] : []);
        string? id = null;
        foreach (var field in complete)
        {
            if (field.StartsWith("id=", StringComparison.Ordinal) && id is not null)
            {
                continue;
            }

            if (field.StartsWith("id=", StringComparison.Ordinal) ? !Id().IsMatch(field) : !Extension().IsMatch(field))
            {
                return null;
            }

            id ??= field.StartsWith("id=", StringComparison.Ordinal) ? field[3..] : null;
        }

        return id;
    }

    [GeneratedRegex(@"\Av=STSv1[ \t]*;")]
    private static partial Regex Claims();

    [GeneratedRegex(@"\Aid=[A-Za-z0-9]{1,32}\z")]
    private static partial Regex Id();

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9_.-]{0,31}=[!-:<>-~]+\z")]
    private static partial Regex Extension();
}
