
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
