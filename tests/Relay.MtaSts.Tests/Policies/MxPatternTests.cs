using System.Text;
using Relay.Mail;
using Relay.MtaSts.Policies;

namespace Relay.MtaSts.Tests.Policies;

public sealed class MxPatternTests
{
    public static TheoryData<string, string, bool> Cases =>
        [.. Vectors.Read("mx-match.json").Select(row => new TheoryDataRow<string, string, bool>(
            row.Text("pattern"), row.Text("host"), row.GetProperty("match").GetBoolean()))];

    [Theory] // STS-54, RFC 8461 §4.1
    [MemberData(nameof(Cases))]
    public void Pattern_AndHostOfVector_MatchAsExpected(string pattern, string host, bool matches) =>
        Assert.Equal(
            matches,
            MxPattern.TryParse(Encoding.UTF8.GetBytes(pattern), out var parsed)
                && DomainName.TryParse(host, out var name)
                && parsed.Matches(name));

    [Theory] // RFC 8461 §3.2 with RFC 5321 §4.1.2: an address among the names fits the grammar, so the policy stands; it matches nothing
    [InlineData("192.0.2.25", "192.0.2.25")]
    [InlineData("*.0.2.25", "192.0.2.25")]
    [InlineData("*.25", "1.25")]
    public void Pattern_OfAddress_MatchesNotEvenItself(string pattern, string host)
    {
        Assert.True(MxPattern.TryParse(Encoding.UTF8.GetBytes(pattern), out var parsed));
        Assert.True(DomainName.TryParse(host, out var name));
        Assert.False(parsed.Matches(name));
    }

    [Fact] // A default value is harmless.
    public void Pattern_Default_MatchesNothing()
    {
        Assert.False(default(MxPattern).Matches(DomainName.Root));
        Assert.True(DomainName.TryParse("mail.example.test", out var host));
        Assert.False(default(MxPattern).Matches(host));
    }
}
