using System.Text;
using System.Text.Json;
using Relay.MtaSts.Discovery;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Tests.Policies;

public sealed class StsPolicyTests
{
    public static TheoryData<string> Cases => [.. Vectors.Read("sts-policy.json").Select(row => row.Text("name"))];

    [Theory] // STS-17 to STS-26, RFC 8461 §3.2
    [MemberData(nameof(Cases))]
    public async Task Policy_OfVector_IsReadAsExpected(string name)
    {
        var row = Vectors.Read("sts-policy.json").Single(candidate => candidate.Text("name") == name);
        using var response = new HttpResponseMessage { Content = new ByteArrayContent(Body(row.GetProperty("body"))) };
        var type = row.TryGetProperty("content_type", out var published) ? published.GetString() : "text/plain";
        if (type is not null)
        {
            response.Content.Headers.TryAddWithoutValidation("Content-Type", type);
        }

        var fetch = await PolicyResponse.ReadAsync(response, TestContext.Current.CancellationToken);
        var expected = row.GetProperty("expect");
        if (!expected.GetProperty("valid").GetBoolean())
        {
            Assert.IsType<PolicyFetch.Failed>(fetch);
            return;
        }

        var policy = Assert.IsType<PolicyFetch.Fetched>(fetch).Policy;
        Assert.Equal(expected.Text("mode"), policy.Mode.ToString().ToLowerInvariant());
        Assert.Equal(expected.GetProperty("max_age").GetInt64(), (long)policy.MaxAge.TotalSeconds);
        Assert.Equal(expected.GetProperty("mx").EnumerateArray().Select(mx => mx.GetString()), policy.MxPatterns.Select(mx => mx.Text));
    }

    [Theory] // RFC 8461 §3.2: what was wrong, and where
    [InlineData("version: STSv1\nmode: enforce\nmx: a.test\nmax_age: x\n", PolicyFault.MaxAgeMalformed, 4)]
    [InlineData("version: STSv2\nmode: enforce\n", PolicyFault.VersionUnsupported, 1)]
    [InlineData("version: STSv1\nmax_age: 1\nmode: testing\nmx: *.*.test\n", PolicyFault.MxMalformed, 4)]
    [InlineData("version: STSv1\nmax_age: 1\nmode: testing\n", PolicyFault.MxMissing, 0)]
    [InlineData("version: STSv1\nnonsense\n", PolicyFault.FieldMalformed, 2)]
    public void Policy_Malformed_NamesFaultAndLine(string body, PolicyFault fault, int line)
    {
        var invalid = Assert.IsType<PolicyReading.Invalid>(StsPolicy.Parse(Encoding.UTF8.GetBytes(body)));
        Assert.Equal((fault, line), (invalid.Fault, invalid.Line));
    }

    [Fact] // RFC 8461 §3.2, §8.3: in mode none there is nothing that a bad pattern could let through
    public void Policy_NoneWithMalformedMx_DropsTheMx()
    {
        var reading = StsPolicy.Parse("version: STSv1\nmx: *.*.test\nmx: a.test\nmode: none\nmax_age: 60\n"u8);
        Assert.Equal("a.test", Assert.Single(Assert.IsType<PolicyReading.Valid>(reading).Policy.MxPatterns).Text);
    }

    [Fact] // RFC 8460 §4.4: reports carry the policy as published
    public void Policy_Text_IsKeptAsPublished()
    {
        const string Body = "version: STSv1\r\nmode: testing\r\nmx: A.Example.TEST\r\nmax_age: 60\r\nnote: Grüße\r\n";
        var reading = StsPolicy.Parse(Encoding.UTF8.GetBytes(Body));
        Assert.Equal(Body, Assert.IsType<PolicyReading.Valid>(reading).Policy.Text);
    }

    [Fact] // RFC 8461 §3.2: whatever a remote party publishes
    public void Policy_TruncatedOrScrambled_NeverThrows()
    {
        var body = "version: STSv1\r\nmode: enforce\r\nmx: mail.example.test\r\nmx: *.example.test\r\nmax_age: 604800\r\n"u8.ToArray();
        for (var length = 0; length <= body.Length; length++)
        {
            Assert.NotNull(StsPolicy.Parse(body.AsSpan(0, length)));
        }

        var random = new Random(8461);
        for (var round = 0; round < 20_000; round++)
        {
            var scrambled = (byte[])body.Clone();
            for (var hit = 0; hit < 3; hit++)
            {
                scrambled[random.Next(scrambled.Length)] = (byte)random.Next(256);
            }

            Assert.NotNull(StsPolicy.Parse(scrambled));
        }
    }

    [Fact] // RFC 8461 §3.3: as many patterns as fit the limit cost no more than reading them
    public void Policy_OfThousandsOfPatterns_IsReadInLinearTime()
    {
        var body = new StringBuilder("version: STSv1\nmode: enforce\nmax_age: 60\n");
        for (var number = 0; body.Length < StsPolicy.MaxOctets - 20; number++)
        {
            body.Append("mx:h").Append(number).Append('\n');
        }

        var started = TimeProvider.System.GetTimestamp();
        var reading = StsPolicy.Parse(Encoding.ASCII.GetBytes(body.ToString()));
        Assert.True(Assert.IsType<PolicyReading.Valid>(reading).Policy.MxPatterns.Count > 5_000);
        Assert.True(TimeProvider.System.GetElapsedTime(started) < TimeSpan.FromSeconds(1));
    }

    private static byte[] Body(JsonElement body)
    {
        if (body.ValueKind == JsonValueKind.String)
        {
            return Encoding.UTF8.GetBytes(body.GetString()!);
        }

        return body.TryGetProperty("base64", out var octets)
            ? octets.GetBytesFromBase64()
            : Encoding.UTF8.GetBytes(string.Concat(
                body.Text("prefix"),
                string.Concat(Enumerable.Repeat(body.Text("repeat"), body.GetProperty("count").GetInt32())),
                body.Text("suffix")));
    }
}
