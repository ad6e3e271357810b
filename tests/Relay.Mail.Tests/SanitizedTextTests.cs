namespace Relay.Mail.Tests;

public sealed class SanitizedTextTests
{
    [Theory] // found by fuzzing: DNS lets a host be named so, and the report about it broke its schema
    [InlineData("-", "_")]
    [InlineData("-mx.a-b.test", "_mx.a-b.test")]
    [InlineData("mx-.test", "mx_.test")]
    [InlineData("mx.-.test", "mx._.test")]
    [InlineData("m-x.a_b.test", "m-x.a_b.test")]
    [InlineData("m*x\".test", "m_x_.test")]
    public void MxHost_OfAnyName_IsANameThatReportsMayHold(string name, string expected) =>
        Assert.Equal(expected, SanitizedText.MxHost(name));
}
