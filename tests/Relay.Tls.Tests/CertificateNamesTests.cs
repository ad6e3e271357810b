using Relay.Mail;

namespace Relay.Tls.Tests;

public class CertificateNamesTests
{
    [Theory] // CERT-02, CERT-03, RFC 9525 §6.3
    [InlineData("mx.a.test", "mx.a.test", true)]
    [InlineData("MX.A.Test", "mx.a.test", true)]
    [InlineData("*.a.test", "mx.a.test", true)]
    [InlineData("*.A.TEST", "mx.a.test", true)]
    [InlineData("xn--bcher-kva.test", "xn--bcher-kva.test", true)]
    [InlineData("*.a.test", "a.test", false)]
    [InlineData("*.a.test", "x.mx.a.test", false)]
    [InlineData("m*.a.test", "mx.a.test", false)]
    [InlineData("*x.a.test", "mx.a.test", false)]
    [InlineData("mx.*.test", "mx.a.test", false)]
    [InlineData("*.*.test", "mx.a.test", false)]
    [InlineData("*", "test", false)]
    [InlineData("*.", "test", false)]
    [InlineData("", "mx.a.test", false)]
    [InlineData(".a.test", "mx.a.test", false)]
    [InlineData("mx.a.test.", "mx.a.test", false)]
    [InlineData("a.test", "mx.a.test", false)]
    [InlineData("mx.a.test\0.evil.test", "mx.a.test", false)]
    public void Name_Presented_MatchesByLabels(string presented, string host, bool matches)
    {
        Assert.True(DomainName.TryParse(host, out var name));
        Assert.Equal(matches, CertificateNames.Matches(presented, name));
    }

    [Fact] // CERT-05: an address literal has no name to bear
    public void Name_NoHostName_NothingMatches()
    {
        Assert.False(CertificateNames.Matches("", DomainName.Root));
        Assert.False(CertificateNames.Matches("*.", DomainName.Root));
    }
}
