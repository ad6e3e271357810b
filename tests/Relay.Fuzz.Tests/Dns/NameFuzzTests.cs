using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Relay.Dns;
using Relay.Dns.Messages;
using Relay.Fuzz.Tests.Fuzzing;
using Relay.Mail;

namespace Relay.Fuzz.Tests.Dns;

/// <summary>Domain names as clients, records and operators write them.</summary>
public sealed class NameFuzzTests
{
    private const ushort Id = 0x1234;

    private static readonly char[] FullStops = ['.', '\u3002', '\uFF0E', '\uFF61'];

    private static readonly Gen<byte[]> Label = Gen.Frequency(
        (10, Gen.Elements("a", "example", "EXAMPLE", "xn--bcher-kva", "bücher", "_mta-sts", "faß", "日本語", "ÅÄÖ", "a-b", "ﬁ", "e\u0301", "ａ－ｂ").Select(Grammar.Utf8)),
        (2, Gen.Elements("xn--", "xn--a", "xn--zzzzzzzzzzz", "xn--99999999", "-", "", " ", "a b", "\u200D", "\u202E", "\uFEFF", "١", "ı", "İ", "K", "\uD7FF", "a\u0000").Select(Grammar.Utf8)),
        (2, Gen.Elements("a＞b", "a＠b", "a／b", "a：22", "a？b", "a＃", "a％41", "［a", "a＂", "℀", "a․b", "⒈", "－a", "a>b", "a@b", "a/b", "a:b", "*").Select(Grammar.Utf8)),
        (1, Grammar.Run("x", 62, 63, 64, 253)));

    private static readonly Gen<byte[]> Names = Grammar.Row(
        Label,
        Gen.Frequency((9, Grammar.Times(0, 4, Dotted())), (1, Grammar.Times(40, 130, Dotted()))),
        Grammar.Of("", "", "."));

    private static readonly FuzzTarget Target = new(
        "dns-name",
        [
            .. new[]
            {
                "example.com", "example.com.", ".", "", "xn--bcher-kva.example", "bücher.example", "＠．ｔｅｓｔ", "a。b．c｡d", "_25._tcp.mx.example", "xn--a", new string('x', 63) + ".test",
                string.Join('.', Enumerable.Repeat("abcdefghi", 25)), string.Join('.', Enumerable.Repeat("a", 127)), "faß.de", "ｅｘａｍｐｌｅ", "\u0130.test", "xn--9ca", "a\u00ADb.test", "1.2.3.4",
            }.Select(Grammar.Utf8),
        ],
        Names,
        Read)
    {
        Tokens = [.. new[] { ".", "xn--", "。", "ß", "\u0301", "\u200D", "日", "-", "_", "\0", "XN--", "＞", "＠", "／", "：", "？", "＃", "％", "［", "＂", "℀", "․", "…", "－", "⁄", "\u037E" }.Select(Grammar.Utf8)],
        MaxLength = 2048,
        Allocation = 256 * 1024,
        AllocationPerOctet = 512,
    };

    [Fact] // RFC 1035 §2.3.4, RFC 5891 §4
    public void Parse_AnyText_IsANameThatDnsCarriesOrNone() => FuzzRun.Of(Target);

    private static Gen<byte[]> Dotted() => Grammar.Row(Gen.Elements(".", ".", ".", "．", "..").Select(Grammar.Utf8), Label);

    private static Reading Read(byte[] octets)
    {
        var text = Encoding.UTF8.GetString(octets);
        var isName = DomainName.TryParse(text, out var name);
        return new Reading(isName, () =>
        {
            Assert.True(isName || name.IsRoot);
            Assert.InRange(name.Value.Length, 0, 253);
            Assert.DoesNotContain(name.Value, character => character is not ((>= 'a' and <= 'z') or (>= '0' and <= '9') or '-' or '_' or '.'));
            if (isName)
            {
                // RFC 3490 §3.1: labels end where the text has a full stop of some script, and nowhere else.
                Assert.True(name.Value.Count(character => character == '.') <= text.Count(FullStops.Contains), name.Value);
                CheckAddress(name);
                Assert.True(DomainName.TryParse(name.Value, out var again));
                Assert.Equal(name, again);
                Assert.True(name.IsWithin(name) && name.IsWithin(DomainName.Root));
                CheckAsked(name);
                CheckBelow(name);
            }
        });
    }

    // Every name can be asked for, and an answer to the question is known for one.
    private static void CheckAsked(DomainName name)
    {
        var question = new DnsQuestion(name, DnsRecordType.Txt);
        Span<byte> message = stackalloc byte[DnsQueryWriter.MaxLength];
        var length = DnsQueryWriter.Write(message, Id, question, withEdns: true, wantsAuthenticity: true);
        message[2] |= 0x80;
        Assert.Equal(ParseOutcome.Parsed, DnsMessageParser.Parse(message[..length], Id, question, out var parsed));
        Assert.Empty(parsed!.Answers);
    }

    // RFC 8461 §3.3: the name is the host of a URI, whole, or there is no URI.
    private static void CheckAddress(DomainName name)
    {
        if (name.TryPrepend("mta-sts", out var host) && Uri.TryCreate($"https://{host}:443/.well-known/x", UriKind.Absolute, out var address))
        {
            Assert.Equal((host.Value, 443, "/.well-known/x"), (address.IdnHost, address.Port, address.PathAndQuery));
        }
    }

    private static void CheckBelow(DomainName name)
    {
        if (name.TryPrepend("_mta-sts", out var below))
        {
            Assert.True(below.IsWithin(name) && !name.IsWithin(below));
            Assert.StartsWith("_mta-sts", below.Value, StringComparison.Ordinal);
        }
        else
        {
            Assert.True(name.Value.Length > 253 - "_mta-sts.".Length);
        }
    }
}
