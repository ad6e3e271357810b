namespace Relay.Queue.Tests;

public sealed class QueueIdTests
{
    [Theory] // found by fuzzing: the capital of U+017F is S, that of U+0131 none of ours
    [InlineData("\u017F")]
    [InlineData("8F3K\u017FM")]
    [InlineData("\u0131")]
    [InlineData("\uFF18")]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("8F3U")]
    [InlineData("ZZZZZZZZZZZZZ")]
    public void Parse_WhatIsNoId_IsRefused(string text) => Assert.False(QueueId.TryParse(text, out _));

    [Theory]
    [InlineData("8f3k2m", "8F3K2M")]
    [InlineData("008F", "8F")]
    [InlineData("ZZZZZZZZZZZZ", "ZZZZZZZZZZZZ")]
    public void Parse_Id_IsWhatItSpells(string text, string expected)
    {
        Assert.True(QueueId.TryParse(text, out var id));
        Assert.Equal(expected, id.ToString());
    }
}
