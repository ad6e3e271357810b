namespace Relay.Mail.Tests;

public class DomainNameTests
{
    [Theory] // EXT-16, RFC 5890 §2.3.2.1, RFC 5895 §2
    [InlineData("example.com", "example.com")]
    [InlineData("Example.COM.", "example.com")]
    [InlineData("_mta-sts.example.com", "_mta-sts.example.com")]
    [InlineData("münchen.example", "xn--mnchen-3ya.example")]
    [InlineData("MÜNCHEN.example.", "xn--mnchen-3ya.example")]
    [InlineData("XN--MNCHEN-3YA.example", "xn--mnchen-3ya.example")]
    [InlineData("ｅｘａｍｐｌｅ.com", "example.com")]
    [InlineData("例え。テスト", "xn--r8jz45g.xn--zckzah")]
    [InlineData("xn--99999999.example", "xn--99999999.example")]
    [InlineData("", "")]
    [InlineData(".", "")]
    public void TryParse_Name_IsLowerCaseALabels(string text, string expected)
    {
        Assert.True(DomainName.TryParse(text, out var name));
        Assert.Equal(expected, name.Value);
    }

    [Theory] // RFC 1035 §2.3.4
    [InlineData(null)]
    [InlineData("..")]
    [InlineData(".example.com")]
    [InlineData("a..b")]
    [InlineData("a.b..")]
    [InlineData("a b")]
    [InlineData("a\r\nb")]
    [InlineData("a\0b")]
    [InlineData("\uD800.example")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.example")]
    public void TryParse_NotAName_IsRefused(string? text)
    {
        Assert.False(DomainName.TryParse(text, out var name));
        Assert.True(name.IsRoot);
    }

    [Theory] // RFC 5891 §4.2.3, RFC 2181 §11: what the mapping makes of a character delimits nothing
    [InlineData("bank.test\uFF1Ex.evil.test")] // >
    [InlineData("bank.test\uFF20evil.test")] // @
    [InlineData("a\uFF0Fb.evil.test")] // /
    [InlineData("a\uFF1A22.evil.test")] // :
    [InlineData("a\uFF1Fb.test")] // ?
    [InlineData("a\uFF03b.test")] // #
    [InlineData("a\uFF05b.test")] // %
    [InlineData("a\uFF3Bb.test")] // [
    [InlineData("a\uFF02b.test")] // "
    [InlineData("a\u2100b.test")] // a/c
    [InlineData("a\u2024test")] // one dot leader
    [InlineData("a\u2025test")]
    [InlineData("a\u2488test")] // 1.
    [InlineData("\uFF0Da.test")] // -
    [InlineData("a\uFF0D.test")]
    [InlineData("b\u00FCcher.a>b.test")]
    [InlineData("a>b.test")]
    [InlineData("a@b.test")]
    [InlineData("a/b.test")]
    [InlineData("a:25")]
    [InlineData("[192.0.2.1]")]
    [InlineData("*.test")]
    public void TryParse_NameWithOtherCharacters_IsRefused(string text) => Assert.False(DomainName.TryParse(text, out _));

    [Theory] // RFC 3490 §3.1, RFC 5895 §2: full stops and letters of other scripts are what they stand for
    [InlineData("a\u3002b\uFF0Ec\uFF61test", "a.b.c.test")]
    [InlineData("a\uFF0Db.test", "a-b.test")]
    [InlineData("_dmarc.b\u00FCcher.test", "_dmarc.xn--bcher-kva.test")]
    public void TryParse_MappedName_IsTaken(string text, string expected)
    {
        Assert.True(DomainName.TryParse(text, out var name));
        Assert.Equal(expected, name.Value);
    }

    [Fact] // RFC 1035 §2.3.4
    public void TryParse_Length_EndsAt253()
    {
        var text = string.Join('.', Enumerable.Repeat(new string('a', 49), 5)) + ".abc";
        Assert.True(DomainName.TryParse(text, out _));
        Assert.False(DomainName.TryParse(text + "d", out _));
        Assert.False(DomainName.TryParse(new string('é', 1_000_000), out _));
    }

    [Fact]
    public void TryPrepend_Label_StandsInFront()
    {
        Assert.True(Names.Name("example.com").TryPrepend("_mta-sts", out var name));
        Assert.Equal("_mta-sts.example.com", name.Value);
        Assert.True(DomainName.Root.TryPrepend("com", out name));
        Assert.Equal("com", name.Value);
        Assert.False(Names.Name(string.Join('.', Enumerable.Repeat(new string('a', 49), 5))).TryPrepend("_mta-sts", out _));
    }

    [Theory]
    [InlineData("a.example", "example", true)]
    [InlineData("example", "example", true)]
    [InlineData("example", ".", true)]
    [InlineData("badexample", "example", false)]
    [InlineData("example", "a.example", false)]
    [InlineData(".", "example", false)]
    public void IsWithin_Ancestor_GoesByLabels(string name, string ancestor, bool expected)
    {
        Assert.Equal(expected, Names.Name(name).IsWithin(Names.Name(ancestor)));
    }
}
