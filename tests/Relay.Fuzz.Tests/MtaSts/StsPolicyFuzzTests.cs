using System.Globalization;
using System.Text;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.Fuzz.Tests.MtaSts;

/// <summary>Policy files.</summary>
public sealed class StsPolicyFuzzTests
{
    private static readonly Gen<byte[]> Mx = Gen.Frequency(
        (15, Grammar.Either(["mx.example.com", "*.example.com", "MX.Example.COM", "a"], ["*", "*.", "*.*.test", "m*.test", ".test", "a..b", "192.0.2.1", "b\u00C3\u00BCcher.test", "a.test.", "-a.test", "a b"])),
        (1, Grammar.Row(Grammar.Run("x.", 1, 60, 126, 127), Grammar.Run("y", 1, 62, 63, 64))));

    private static readonly Gen<byte[]> Field = Gen.Frequency(
        (4, Grammar.Row(Grammar.Of("mx:", "mx: ", "mx:\t"), Mx)),
        (1, Grammar.Row(Grammar.Of("version: "), Grammar.Either(["STSv1"], ["STSv2", "stsv1", "STSv1 x", ""]))),
        (1, Grammar.Row(Grammar.Of("mode: "), Grammar.Either(["enforce", "testing", "none"], ["Enforce", "", "off"]))),
        (1, Grammar.Row(Grammar.Of("max_age: "), Grammar.Either(["0", "86400", "604800", "31557600", "9999999999", "0000000001"], ["99999999999", "-1", "1.5", "", "1e9", "\u00D9\u00A1"]))),
        (1, Grammar.Either(["x-note: v", "a.b_c-d: \u00C3\u00BC", "", " "], [": x", "no colon", "_a: b", "mx : a.test", "\u0000", "\u00FF", "a\u0007: b", "\uFEFF"])));

    private static readonly Gen<byte[]> End = Grammar.Either(["\r\n", "\n", " \r\n"], ["\r", "\r\r\n", "\n\n", ""]);

    private static readonly Gen<byte[]> Files = Grammar.Row(
        Grammar.Either(["version: STSv1"], ["version:STSv2", ""]), End,
        Grammar.Either(["mode: enforce", "mode: testing", "mode:none"], ["mode: x", ""]), End,
        Grammar.Either(["max_age: 86400", "max_age:604800"], ["max_age: x", ""]), End,
        Grammar.Times(0, 8, Grammar.Row(Field, End)));

    private static readonly FuzzTarget Target = new("sts-policy", [.. Seeds()], Files, Read)
    {
        Tokens = [.. new[] { "version: STSv1", "mode: ", "enforce", "none", "max_age: ", "mx: ", "\r\n", "\n", ":", "*.", "mx: a.test\n", "\u00FF" }.Select(Grammar.Octets)],
        Extremes = [ManyPatterns()],
        MaxLength = StsPolicy.MaxOctets + 1000,
        Allocation = 128 * 1024,
    };

    [Fact] // STS-17 to STS-26, RFC 8461 §3.2
    public void Parse_AnyOctets_GivesAPolicyInTheGrammarOrAFault() => FuzzRun.Of(Target);

    private static IEnumerable<byte[]> Seeds()
    {
        foreach (var body in Vectors.Read("sts-policy.json").Select(row => row.GetProperty("body")))
        {
            if (body.ValueKind == JsonValueKind.String)
            {
                yield return Encoding.UTF8.GetBytes(body.GetString()!);
            }
            else if (body.TryGetProperty("base64", out var octets))
            {
                yield return octets.GetBytesFromBase64();
            }
        }
    }

    private static byte[] ManyPatterns()
    {
        var names = Enumerable.Range(0, 6000).Select(i => string.Create(CultureInfo.InvariantCulture, $"mx: m{i}.test\n"));
        return Encoding.UTF8.GetBytes("version: STSv1\nmode: enforce\nmax_age: 1\n" + string.Concat(names))[..StsPolicy.MaxOctets];
    }

    private static Reading Read(byte[] body)
    {
        var reading = StsPolicy.Parse(body);
        return new Reading(reading is PolicyReading.Valid, () =>
        {
            Assert.True(body.Length <= StsPolicy.MaxOctets || reading is PolicyReading.Invalid { Fault: PolicyFault.TooLarge });
            if (reading is PolicyReading.Invalid invalid)
            {
                Assert.True(Enum.IsDefined(invalid.Fault));
                Assert.InRange(invalid.Line, 0, body.Count((byte)'\n') + 1);
                return;
            }

            Check(body, ((PolicyReading.Valid)reading).Policy);
        });
    }

    private static void Check(byte[] body, StsPolicy policy)
    {
        Assert.Equal(body, Encoding.UTF8.GetBytes(policy.Text));
        Assert.InRange(policy.MaxAge.TotalSeconds, 0, 31_557_600);
        Assert.True(policy.MxPatterns.Count > 0 || policy.Mode == PolicyMode.None);
        Assert.Equal(policy.MxPatterns.Count, policy.MxPatterns.Distinct().Count());
        foreach (var pattern in policy.MxPatterns)
        {
            Assert.True(MxPattern.TryParse(Encoding.ASCII.GetBytes(pattern.Text), out var again));
            Assert.Equal(pattern, again);
            Assert.Equal(pattern.Text.ToLowerInvariant(), pattern.Text);
            Assert.False(policy.Lists(DomainName.Root));
            Assert.True(DomainName.TryParse(pattern.Text.Replace("*.", "x.", StringComparison.Ordinal), out var host));

            // RFC 5321 §2.3.5: no top-level domain is numeric, so that such a pattern names an address, or nothing.
            var namesHosts = pattern.Text[(pattern.Text.LastIndexOf('.') + 1)..].Any(character => !char.IsAsciiDigit(character));
            Assert.Equal(namesHosts, pattern.Matches(host));
        }

        // The same policy written out by the grammar, and read once more.
        var lines = policy.MxPatterns.Select(pattern => "mx: " + pattern);
        var age = policy.MaxAge.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        var text = $"version: STSv1\r\nmode: {policy.Mode.ToString().ToLowerInvariant()}\r\nmax_age: {age}\r\n{string.Join("\r\n", lines)}";
        if (text.Length <= StsPolicy.MaxOctets)
        {
            var written = Assert.IsType<PolicyReading.Valid>(StsPolicy.Parse(Encoding.ASCII.GetBytes(text))).Policy;
            Assert.Equal((policy.Mode, policy.MaxAge), (written.Mode, written.MaxAge));
            Assert.Equal(policy.MxPatterns, written.MxPatterns);
        }
    }
}
